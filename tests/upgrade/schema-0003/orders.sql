BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0003');
CREATE TABLE cursors (
	reader TEXT NOT NULL, 
	position BIGINT NOT NULL, 
	record TEXT NOT NULL, 
	CONSTRAINT pk_cursors PRIMARY KEY (reader)
);
INSERT INTO "cursors" VALUES('orders',8,'1795404280.2 2');
CREATE TABLE entries (
	call TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	type TEXT, 
	category TEXT, 
	content TEXT, 
	answered_on_spot BOOLEAN, 
	refusal TEXT, 
	entered_by TEXT NOT NULL, 
	entered DOUBLE NOT NULL, 
	CONSTRAINT pk_entries PRIMARY KEY (call), 
	CONSTRAINT fk_entries_call_orders FOREIGN KEY(call) REFERENCES orders (call)
);
INSERT INTO "entries" VALUES('1795404280.2',1,'report',NULL,'路灯不亮',NULL,NULL,'001',1.51209367600946569445e+09);
CREATE TABLE entry_changes (
	call TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	field TEXT NOT NULL, 
	old TEXT, 
	new TEXT, 
	changed_by TEXT NOT NULL, 
	changed DOUBLE NOT NULL, 
	CONSTRAINT pk_entry_changes PRIMARY KEY (call, version, field), 
	CONSTRAINT fk_entry_changes_call_orders FOREIGN KEY(call) REFERENCES orders (call)
);
INSERT INTO "entry_changes" VALUES('1795404280.2',1,'type',NULL,'report','001',1.51209367600946569445e+09);
INSERT INTO "entry_changes" VALUES('1795404280.2',1,'content',NULL,'路灯不亮','001',1.51209367600946569445e+09);
CREATE TABLE legs (
	call TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	leg TEXT NOT NULL, 
	role TEXT NOT NULL, 
	party TEXT NOT NULL, 
	place TEXT NOT NULL, 
	began DOUBLE NOT NULL, 
	answered DOUBLE, 
	ended DOUBLE, 
	outcome TEXT, hotline TEXT DEFAULT '' NOT NULL, unit TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_legs PRIMARY KEY (call, position), 
	CONSTRAINT fk_legs_call_orders FOREIGN KEY(call) REFERENCES orders (call)
);
INSERT INTO "legs" VALUES('1795404269.0',0,'1795404269.0','caller','+8613810000014','telecom',1.51209360527354025839e+09,1.51209360527354025839e+09,NULL,NULL,'','');
INSERT INTO "legs" VALUES('1795404269.0',1,'1795404269.0_2','operator','001','seat01',1.51209360933935737614e+09,1.51209360935166668886e+09,NULL,NULL,'','');
INSERT INTO "legs" VALUES('1795404285.4',0,'1795404285.4','caller','+8613810000016','telecom',1.51209362100946569443e+09,NULL,NULL,NULL,'','');
INSERT INTO "legs" VALUES('1795404280.2',0,'1795404280.2','caller','+8613810000015','telecom',1.51209361600946569446e+09,NULL,1.5120936250094656944e+09,'normal','','');
INSERT INTO "legs" VALUES('1795404280.2',1,'1795404280.2_1','operator','002','seat02',1.51209362000946569443e+09,1.51209362000946569443e+09,1.5120936250094656944e+09,'normal','','');
CREATE TABLE orders (
	call TEXT NOT NULL, 
	number TEXT NOT NULL, 
	shown TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	channel TEXT NOT NULL, 
	opened DOUBLE NOT NULL, 
	caller TEXT, 
	caller_raw TEXT NOT NULL, 
	caller_withheld BOOLEAN NOT NULL, 
	trunk TEXT NOT NULL, 
	dialled TEXT NOT NULL, 
	first_dialled TEXT, 
	hotline TEXT, 
	hotline_service TEXT, 
	owner TEXT, 
	queue TEXT, 
	operator TEXT, 
	queued DOUBLE, 
	answered DOUBLE, 
	ended DOUBLE, 
	outcome TEXT, 
	ended_by TEXT, 
	CONSTRAINT pk_orders PRIMARY KEY (call), 
	CONSTRAINT uq_orders_number UNIQUE (number)
);
INSERT INTO "orders" VALUES('1795404269.0','320481-20171201-0001','20171201-0001',4,'phone',1.51209360527354025839e+09,'+8613810000014','13810000014',0,'telecom','12345','12345','12345','政府公共服务热线','政务办','hotline','001',1.51209360933935737614e+09,1.51209360935166668886e+09,NULL,NULL,NULL);
INSERT INTO "orders" VALUES('1795404285.4','320481-20171201-0003','20171201-0003',2,'phone',1.51209362100946569443e+09,'+8613810000016','13810000016',0,'telecom','12345','12345','12345','政府公共服务热线','政务办','hotline',NULL,1.5120936250094656944e+09,NULL,NULL,NULL,NULL);
INSERT INTO "orders" VALUES('1795404280.2','320481-20171201-0002','20171201-0002',2,'phone',1.51209361600946569446e+09,'+8613810000015','13810000015',0,'telecom','12345','12345','12345','政府公共服务热线','政务办',NULL,'002',NULL,1.51209362000946569443e+09,1.5120936250094656944e+09,'answered','caller');
CREATE TABLE recordings (
	call TEXT NOT NULL, 
	file TEXT NOT NULL, 
	began DOUBLE NOT NULL, 
	seconds DOUBLE NOT NULL, 
	bytes BIGINT NOT NULL, 
	sha256 TEXT NOT NULL, 
	repaired BOOLEAN NOT NULL, 
	removed DOUBLE, 
	removed_because TEXT, 
	CONSTRAINT pk_recordings PRIMARY KEY (call, file)
);
INSERT INTO "recordings" VALUES('1795404280.2','2017/12/01/1795404280.2.wav',1.51209361600946569446e+09,10.0,160044,'5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e',0,NULL,NULL);
CREATE INDEX ix_orders_opened ON orders (opened);
CREATE INDEX ix_orders_shown ON orders (shown);
CREATE INDEX ix_orders_caller ON orders (caller);
CREATE INDEX ix_recordings_began ON recordings (began);
COMMIT;

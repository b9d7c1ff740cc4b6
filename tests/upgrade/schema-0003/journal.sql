BEGIN TRANSACTION;
CREATE TABLE cursors (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  at REAL NOT NULL,
  plan TEXT NOT NULL,
  logic INTEGER NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  rejected TEXT
) STRICT;
INSERT INTO "events" VALUES(1,1.51209360404275870324e+09,'0dfec4ab2832',2,'PlanChanged','{"plan":"0dfec4ab28322a776bba7df225d71d7b7b91801f4beb0e3d9f11ce643562e36c"}',NULL);
INSERT INTO "events" VALUES(2,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat01","reachable":false}',NULL);
INSERT INTO "events" VALUES(3,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat02","reachable":false}',NULL);
INSERT INTO "events" VALUES(4,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat03","reachable":false}',NULL);
INSERT INTO "events" VALUES(5,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat04","reachable":false}',NULL);
INSERT INTO "events" VALUES(6,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat05","reachable":false}',NULL);
INSERT INTO "events" VALUES(7,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat06","reachable":false}',NULL);
INSERT INTO "events" VALUES(8,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat07","reachable":false}',NULL);
INSERT INTO "events" VALUES(9,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat08","reachable":false}',NULL);
INSERT INTO "events" VALUES(10,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat09","reachable":false}',NULL);
INSERT INTO "events" VALUES(11,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat10","reachable":false}',NULL);
INSERT INTO "events" VALUES(12,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat11","reachable":false}',NULL);
INSERT INTO "events" VALUES(13,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat12","reachable":false}',NULL);
INSERT INTO "events" VALUES(14,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat13","reachable":false}',NULL);
INSERT INTO "events" VALUES(15,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat14","reachable":false}',NULL);
INSERT INTO "events" VALUES(16,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat15","reachable":false}',NULL);
INSERT INTO "events" VALUES(17,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat16","reachable":false}',NULL);
INSERT INTO "events" VALUES(18,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat17","reachable":false}',NULL);
INSERT INTO "events" VALUES(19,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat18","reachable":false}',NULL);
INSERT INTO "events" VALUES(20,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat19","reachable":false}',NULL);
INSERT INTO "events" VALUES(21,1.51209360422529053686e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat20","reachable":false}',NULL);
INSERT INTO "events" VALUES(22,1.51209360422994947437e+09,'0dfec4ab2832',2,'SwitchReconciled','{"legs":[],"arriving":[],"outside":[],"answered":[],"callers":[],"bridges":[]}',NULL);
INSERT INTO "events" VALUES(23,1.51209360438428115844e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat01","reachable":true}',NULL);
INSERT INTO "events" VALUES(24,1.51209360438783383369e+09,'0dfec4ab2832',2,'SignIn','{"operator":"001","seat":"seat01"}',NULL);
INSERT INTO "events" VALUES(25,1.51209360438969326019e+09,'0dfec4ab2832',2,'BecomeReady','{"operator":"001"}',NULL);
INSERT INTO "events" VALUES(26,1.51209360439707398413e+09,'0dfec4ab2832',2,'SignIn','{"operator":"002","seat":"seat02"}',NULL);
INSERT INTO "events" VALUES(27,1.51209360439707398413e+09,'0dfec4ab2832',2,'SeatReachable','{"seat":"seat02","reachable":true}',NULL);
INSERT INTO "events" VALUES(28,1512093604.39914,'0dfec4ab2832',2,'BecomeReady','{"operator":"002"}',NULL);
INSERT INTO "events" VALUES(29,1.51209360527354025839e+09,'0dfec4ab2832',2,'CallArrived','{"call":"1795404269.0","trunk":"telecom","dialled":"12345","headers":{"from_":"<sip:13810000014@127.0.0.4>;tag=b21ff4afd2c2","asserted_identity":[],"privacy":[],"diversion":[],"history_info":[]}}',NULL);
INSERT INTO "events" VALUES(30,1.51209360933935737614e+09,'0dfec4ab2832',2,'PlaybackFinished','{"leg":"1795404269.0","playback":"1795404269.0_1"}',NULL);
INSERT INTO "events" VALUES(31,1.51209360935166668886e+09,'0dfec4ab2832',2,'LegAnswered','{"leg":"1795404269.0_2"}',NULL);
INSERT INTO "events" VALUES(32,1.51209361342798852918e+09,'0dfec4ab2832',2,'PlaybackFinished','{"leg":"1795404269.0_2","playback":"1795404269.0_2_p"}',NULL);
INSERT INTO "events" VALUES(33,1.51209361342889189719e+09,'0dfec4ab2832',2,'PlaybackFinished','{"leg":"1795404269.0","playback":"1795404269.0_3"}',NULL);
INSERT INTO "events" VALUES(34,1.51209362470692920688e+09,'0dfec4ab2832',2,'OrderNumbersTaken','{"day":"20171201","sequence":1}',NULL);
INSERT INTO "events" VALUES(35,1.5120936249354240894e+09,'0dfec4ab2832',2,'CallTakenOutside','{"call":"1795404280.2","trunk":"telecom","dialled":"12345","headers":{"from_":"<sip:13810000015@127.0.0.4>;tag=61a9b9c6d4ad","asserted_identity":[],"privacy":[],"diversion":[],"history_info":[]},"began":1512093616.0094657}',NULL);
INSERT INTO "events" VALUES(36,1.5120936249354240894e+09,'0dfec4ab2832',2,'CallTakenOutside','{"call":"1795404285.4","trunk":"telecom","dialled":"12345","headers":{"from_":"<sip:13810000016@127.0.0.4>;tag=1311fa1effc6","asserted_identity":[],"privacy":[],"diversion":[],"history_info":[]},"began":1512093621.0094657}',NULL);
INSERT INTO "events" VALUES(37,1.51209362506114768976e+09,'0dfec4ab2832',2,'SeatEngaged','{"seat":"seat02","engaged":true}',NULL);
INSERT INTO "events" VALUES(38,1.51209362506114768976e+09,'0dfec4ab2832',2,'SwitchReconciled','{"legs":["1795404269.0_2","1795404269.0"],"arriving":[],"outside":["1795404280.2","1795404285.4"],"answered":["1795404269.0_2"],"callers":["1795404269.0"],"bridges":["1795404269.0_b"]}',NULL);
INSERT INTO "events" VALUES(39,1.51209362509752249723e+09,'0dfec4ab2832',2,'CallReturned','{"call":"1795404285.4","trunk":"telecom","dialled":"12345","headers":{"from_":"<sip:13810000016@127.0.0.4>;tag=1311fa1effc6","asserted_identity":[],"privacy":[],"diversion":[],"history_info":[]},"began":1512093621.0094657,"queued":1512093625.0094657}',NULL);
INSERT INTO "events" VALUES(40,1.51209362511691451074e+09,'0dfec4ab2832',2,'CallEndedOutside','{"call":"1795404280.2","trunk":"telecom","dialled":"12345","caller":"13810000015","emergency":false,"began":1512093616.0094657,"answered":1512093620.0094657,"ended":1512093625.0094657,"ending":"normal","target":"","handled":"queue","seat":"seat02"}',NULL);
CREATE TABLE orders (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  event INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
INSERT INTO "orders" VALUES(1,29,'{"call":"1795404269.0","number":"320481-20171201-0001","version":1,"channel":"phone","opened":1512093605.2735403,"caller":"+8613810000014","caller_raw":"13810000014","caller_withheld":false,"trunk":"telecom","dialled":"12345","first_dialled":"12345","hotline":"12345","hotline_service":"政府公共服务热线","owner":"政务办","queue":"hotline","operator":null,"queued":null,"answered":null,"ended":null,"outcome":null,"ended_by":null,"legs":[{"leg":"1795404269.0","role":"caller","party":"+8613810000014","place":"telecom","began":1512093605.2735403,"answered":1512093605.2735403,"ended":null,"outcome":null,"hotline":"","unit":""}]}');
INSERT INTO "orders" VALUES(2,30,'{"call":"1795404269.0","number":"320481-20171201-0001","version":2,"channel":"phone","opened":1512093605.2735403,"caller":"+8613810000014","caller_raw":"13810000014","caller_withheld":false,"trunk":"telecom","dialled":"12345","first_dialled":"12345","hotline":"12345","hotline_service":"政府公共服务热线","owner":"政务办","queue":"hotline","operator":null,"queued":1512093609.3393574,"answered":null,"ended":null,"outcome":null,"ended_by":null,"legs":[{"leg":"1795404269.0","role":"caller","party":"+8613810000014","place":"telecom","began":1512093605.2735403,"answered":1512093605.2735403,"ended":null,"outcome":null,"hotline":"","unit":""},{"leg":"1795404269.0_2","role":"operator","party":"001","place":"seat01","began":1512093609.3393574,"answered":null,"ended":null,"outcome":null,"hotline":"","unit":""}]}');
INSERT INTO "orders" VALUES(3,31,'{"call":"1795404269.0","number":"320481-20171201-0001","version":3,"channel":"phone","opened":1512093605.2735403,"caller":"+8613810000014","caller_raw":"13810000014","caller_withheld":false,"trunk":"telecom","dialled":"12345","first_dialled":"12345","hotline":"12345","hotline_service":"政府公共服务热线","owner":"政务办","queue":"hotline","operator":"001","queued":1512093609.3393574,"answered":1512093609.3516667,"ended":null,"outcome":null,"ended_by":null,"legs":[{"leg":"1795404269.0","role":"caller","party":"+8613810000014","place":"telecom","began":1512093605.2735403,"answered":1512093605.2735403,"ended":null,"outcome":null,"hotline":"","unit":""},{"leg":"1795404269.0_2","role":"operator","party":"001","place":"seat01","began":1512093609.3393574,"answered":1512093609.3516667,"ended":null,"outcome":null,"hotline":"","unit":""}]}');
INSERT INTO "orders" VALUES(4,33,'{"call":"1795404269.0","number":"320481-20171201-0001","version":4,"channel":"phone","opened":1512093605.2735403,"caller":"+8613810000014","caller_raw":"13810000014","caller_withheld":false,"trunk":"telecom","dialled":"12345","first_dialled":"12345","hotline":"12345","hotline_service":"政府公共服务热线","owner":"政务办","queue":"hotline","operator":"001","queued":1512093609.3393574,"answered":1512093609.3516667,"ended":null,"outcome":null,"ended_by":null,"legs":[{"leg":"1795404269.0","role":"caller","party":"+8613810000014","place":"telecom","began":1512093605.2735403,"answered":1512093605.2735403,"ended":null,"outcome":null,"hotline":"","unit":""},{"leg":"1795404269.0_2","role":"operator","party":"001","place":"seat01","began":1512093609.3393574,"answered":1512093609.3516667,"ended":null,"outcome":null,"hotline":"","unit":""}]}');
INSERT INTO "orders" VALUES(5,35,'{"call":"1795404280.2","number":"320481-20171201-0002","version":1,"channel":"phone","opened":1512093616.0094657,"caller":"+8613810000015","caller_raw":"13810000015","caller_withheld":false,"trunk":"telecom","dialled":"12345","first_dialled":"12345","hotline":"12345","hotline_service":"政府公共服务热线","owner":"政务办","queue":null,"operator":null,"queued":null,"answered":null,"ended":null,"outcome":null,"ended_by":null,"legs":[{"leg":"1795404280.2","role":"caller","party":"+8613810000015","place":"telecom","began":1512093616.0094657,"answered":null,"ended":null,"outcome":null,"hotline":"","unit":""}]}');
INSERT INTO "orders" VALUES(6,36,'{"call":"1795404285.4","number":"320481-20171201-0003","version":1,"channel":"phone","opened":1512093621.0094657,"caller":"+8613810000016","caller_raw":"13810000016","caller_withheld":false,"trunk":"telecom","dialled":"12345","first_dialled":"12345","hotline":"12345","hotline_service":"政府公共服务热线","owner":"政务办","queue":null,"operator":null,"queued":null,"answered":null,"ended":null,"outcome":null,"ended_by":null,"legs":[{"leg":"1795404285.4","role":"caller","party":"+8613810000016","place":"telecom","began":1512093621.0094657,"answered":null,"ended":null,"outcome":null,"hotline":"","unit":""}]}');
INSERT INTO "orders" VALUES(7,39,'{"call":"1795404285.4","number":"320481-20171201-0003","version":2,"channel":"phone","opened":1512093621.0094657,"caller":"+8613810000016","caller_raw":"13810000016","caller_withheld":false,"trunk":"telecom","dialled":"12345","first_dialled":"12345","hotline":"12345","hotline_service":"政府公共服务热线","owner":"政务办","queue":"hotline","operator":null,"queued":1512093625.0094657,"answered":null,"ended":null,"outcome":null,"ended_by":null,"legs":[{"leg":"1795404285.4","role":"caller","party":"+8613810000016","place":"telecom","began":1512093621.0094657,"answered":null,"ended":null,"outcome":null,"hotline":"","unit":""}]}');
INSERT INTO "orders" VALUES(8,40,'{"call":"1795404280.2","number":"320481-20171201-0002","version":2,"channel":"phone","opened":1512093616.0094657,"caller":"+8613810000015","caller_raw":"13810000015","caller_withheld":false,"trunk":"telecom","dialled":"12345","first_dialled":"12345","hotline":"12345","hotline_service":"政府公共服务热线","owner":"政务办","queue":null,"operator":"002","queued":null,"answered":1512093620.0094657,"ended":1512093625.0094657,"outcome":"answered","ended_by":"caller","legs":[{"leg":"1795404280.2","role":"caller","party":"+8613810000015","place":"telecom","began":1512093616.0094657,"answered":null,"ended":1512093625.0094657,"outcome":"normal","hotline":"","unit":""},{"leg":"1795404280.2_1","role":"operator","party":"002","place":"seat02","began":1512093620.0094657,"answered":1512093620.0094657,"ended":1512093625.0094657,"outcome":"normal","hotline":"","unit":""}]}');
CREATE TABLE plans (hash TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE queue_log (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  line TEXT NOT NULL
) STRICT;
CREATE TABLE queue_log_file (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  seq INTEGER NOT NULL,
  inode INTEGER NOT NULL,
  size INTEGER NOT NULL
) STRICT;
CREATE TABLE snapshots (
  seq INTEGER PRIMARY KEY,
  logic INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
INSERT INTO "snapshots" VALUES(20,2,'{"calls":{},"operators":{},"unreachable_seats":{"seat01":1512093604.2252905,"seat02":1512093604.2252905,"seat03":1512093604.2252905,"seat04":1512093604.2252905,"seat05":1512093604.2252905,"seat06":1512093604.2252905,"seat07":1512093604.2252905,"seat08":1512093604.2252905,"seat09":1512093604.2252905,"seat10":1512093604.2252905,"seat11":1512093604.2252905,"seat12":1512093604.2252905,"seat13":1512093604.2252905,"seat14":1512093604.2252905,"seat15":1512093604.2252905,"seat16":1512093604.2252905,"seat17":1512093604.2252905,"seat18":1512093604.2252905,"seat19":1512093604.2252905},"engaged_seats":{},"features":{},"ended_calls":{},"order_day":"","order_sequence":0,"figures":{},"plan":"0dfec4ab28322a776bba7df225d71d7b7b91801f4beb0e3d9f11ce643562e36c","trunk_channels":{}}');
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('orders',8);
COMMIT;

/** The wallboard's page: shows what the server draws, and lets the times tick in between. */

import { Connection } from "./connection.js";
import { clock, duration, ServerClock } from "./time.js";

/** Seconds of silence after which the figures are marked as old. */
const STALE = 5;

interface Message {
  readonly at: number;
  readonly date: string;
  readonly html?: string;
}

function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

function isMessage(value: unknown): value is Message {
  return (
    typeof value === "object" &&
    value !== null &&
    "at" in value &&
    typeof value.at === "number" &&
    "date" in value &&
    typeof value.date === "string" &&
    (!("html" in value) || typeof value.html === "string")
  );
}

const board = byId("board");
const date = byId("date");
const time = byId("clock");
const lost = byId("lost");
const server = new ServerClock(Number(time.dataset["at"]));

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function tick(): void {
  const silence = server.silence();
  const stale = silence > STALE;
  document.body.classList.toggle("stale", stale);
  lost.hidden = !stale;
  if (stale) {
    setText(lost, `连接中断，数据是 ${duration(silence)} 前的，正在重新连接`);
    return; // what is not known any more does not go on ticking
  }
  const now = server.now();
  setText(time, clock(now));
  for (const element of board.querySelectorAll<HTMLElement>("[data-since]")) {
    setText(element, duration(now - Number(element.dataset["since"])));
  }
}

function receive(text: string): void {
  const message: unknown = JSON.parse(text);
  if (!isMessage(message)) return;
  server.set(message.at);
  setText(date, message.date);
  // The server's templates escape every name in it, and the page's policy runs no inline script.
  if (message.html !== undefined) board.innerHTML = message.html;
  tick();
}

const scheme = location.protocol === "https:" ? "wss" : "ws";
new Connection(`${scheme}://${location.host}/ws/wallboard`, receive);
window.setInterval(tick, 250);
tick();

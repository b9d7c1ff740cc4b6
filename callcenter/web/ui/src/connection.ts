/** A WebSocket that comes back by itself, whatever ends it. */

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 5_000;
/** Milliseconds without a message after which the connection counts as dead. */
const SILENCE = 4_000;

/** Keeps one connection to `address`; calls `receive` with each message. */
export class Connection {
  readonly #address: string;
  readonly #receive: (text: string) => void;
  #pause = FIRST_PAUSE;
  #watchdog: number | undefined;

  constructor(address: string, receive: (text: string) => void) {
    this.#address = address;
    this.#receive = receive;
    this.#open();
  }

  #open(): void {
    const socket = new WebSocket(this.#address);
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      window.clearTimeout(this.#watchdog);
      socket.close();
      window.setTimeout(() => this.#open(), this.#pause);
      this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
    };
    const watch = (): void => {
      window.clearTimeout(this.#watchdog);
      this.#watchdog = window.setTimeout(end, SILENCE);
    };
    socket.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (over || typeof event.data !== "string") return;
      this.#pause = FIRST_PAUSE;
      watch();
      this.#receive(event.data);
    });
    socket.addEventListener("close", end);
    socket.addEventListener("error", end);
    watch();
  }
}

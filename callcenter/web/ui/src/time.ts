/** Times as the server sees them: its clock is read from each message and goes on by itself. */

const clockFormat = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/** `0:06`, `12:30`, `1:02:03`; a negative duration counts as zero. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = two(whole % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** `10:31:05` in Asia/Shanghai, of seconds since 1970 UTC. */
export function clock(moment: number): string {
  return clockFormat.format(new Date(moment * 1000));
}

/** The server's clock. Setting this computer's own clock does not move it. */
export class ServerClock {
  #at: number;
  #heard: number;

  /** @param at the server's time now, in seconds since 1970 UTC. */
  constructor(at: number) {
    this.#at = at;
    this.#heard = performance.now();
  }

  /** Take the time that the server just told. */
  set(at: number): void {
    this.#at = at;
    this.#heard = performance.now();
  }

  /** The server's time now. */
  now(): number {
    return this.#at + this.silence();
  }

  /** Seconds since the server was last heard. */
  silence(): number {
    return (performance.now() - this.#heard) / 1000;
  }
}

// Tasks of the database. A timer would do, but engines slow timers down in frames of
// another origin, and each step of a transaction is a task.

const channel = new MessageChannel();
const tasks: Array<() => void> = [];
channel.port1.onmessage = () => tasks.shift()?.();

/** Runs it in a task of its own, in turn. */
export function queueDatabaseTask(task: () => void): void {
  tasks.push(task);
  channel.port2.postMessage(null);
}

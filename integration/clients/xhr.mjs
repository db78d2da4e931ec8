// XMLHttpRequest as far as Strophe uses it, over node:http: Strophe's BOSH knows
// no other way, and Node has none. It repeats nothing by itself.
import { Agent, request } from "node:http";
import { inOrder } from "./order.mjs";

const agent = new Agent({ keepAlive: true });

export class XMLHttpRequest {
  readyState = 0;
  status = 0;
  responseText = "";
  responseXML = null;
  onreadystatechange = null;
  #url;
  #method;
  #headers = {};
  #received = {};
  #request;
  #over = false;

  open(method, url) {
    this.#method = method;
    this.#url = url;
    this.readyState = 1;
  }

  setRequestHeader(name, value) {
    this.#headers[name] = value;
  }

  getAllResponseHeaders() {
    return Object.entries(this.#received).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  }

  send(body) {
    const headers = { ...this.#headers, "Content-Length": Buffer.byteLength(body) };
    this.#request = request(this.#url, { method: this.#method, headers, agent }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => {
        if (!response.complete) return this.#done(0, "");
        this.#received = response.headers;
        inOrder(response.headers["relay-order"], () => this.#done(response.statusCode, Buffer.concat(chunks).toString("utf8")));
      });
      response.on("error", () => this.#done(0, ""));
    });
    this.#request.on("error", () => this.#done(0, ""));
    this.#request.end(body);
  }

  abort() {
    this.#over = true;
    this.#request?.destroy();
  }

  #done(status, text) {
    if (this.#over) return;
    this.#over = true;
    this.readyState = 4;
    this.status = status;
    this.responseText = text;
    if (status === 200) this.responseXML = new DOMParser().parseFromString(text, "text/xml");
    this.onreadystatechange?.();
  }
}

// The part that carries arrays, texts or a query from the server to the hub; it draws nothing.

import { theHub } from "./hub.js";

export default function part({ data, setTriggerValue }) {
  const hub = theHub();
  if (data instanceof Uint8Array) {
    hub.take(data);
  } else if (data && "query" in data) {
    hub.query = data.query;
    hub.tell();
  } else if (data) {
    hub.ask = (rows) => setTriggerValue("rows", rows);
    hub.learn(data);
  }
}

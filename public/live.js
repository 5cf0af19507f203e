// One event stream for all tabs of a browser. A browser opens six connections to a host over HTTP/1.1; with a stream a
// tab, the seventh tab would wait for ever. This worker holds the stream and hands on what it brings; tabs say when
// they come, what they saw last, and when they go.

/** Tabs that said nothing for so long are gone. They speak every 20 s, and once a minute when nobody looks at them. */
const GONE_AFTER = 150_000;

/** When each tab last spoke, by its port. */
const tabs = new Map();
let source = null;
let last = 0;
let kinds = [];

const tellAll = (message) => {
  for (const tab of tabs.keys()) tab.postMessage(message);
};

const close = () => {
  source?.close();
  source = null;
};

const open = () => {
  close();
  source = new EventSource(`/events?topics=${kinds.join(',')}&after=${last}`);
  source.onopen = () => tellAll({ what: 'open' });
  source.onerror = () => tellAll({ what: 'error', closed: source?.readyState === EventSource.CLOSED });
  for (const kind of [...kinds, 'reset']) {
    source.addEventListener(kind, (event) => {
      last = Math.max(last, Number(event.lastEventId) || 0);
      tellAll({ what: 'event', kind, id: event.lastEventId, data: event.data });
    });
  }
};

const leave = (tab) => {
  tabs.delete(tab);
  if (tabs.size === 0) close();
};

const hear = {
  come(tab, { seq, topics }) {
    const isFirst = source === null;
    if (isFirst) {
      last = seq;
      kinds = topics;
      open();
    } else if (source.readyState === EventSource.OPEN) {
      tab.postMessage({ what: 'open' });
    }
    // What came between the rendering of this page and now was told to the others.
    if (!isFirst && seq < last) tab.postMessage({ what: 'event', kind: 'reset', id: `${last}`, data: '{}' });
  },
  again() {
    if (source === null || source.readyState === EventSource.CLOSED) open();
  },
  here() {},
  go: leave,
  // A tab that was taken for gone, because its browser had put it to sleep: it has missed something.
  back(tab) {
    if (source === null) open();
    tab.postMessage({ what: 'event', kind: 'reset', id: `${last}`, data: '{}' });
  },
};

onconnect = ({ ports: [tab] }) => {
  tab.onmessage = ({ data }) => {
    const isBack = data.say === 'here' && !tabs.has(tab);
    tabs.set(tab, Date.now());
    hear[isBack ? 'back' : data.say]?.(tab, data);
  };
};

setInterval(() => {
  for (const [tab, spoke] of tabs) if (Date.now() - spoke > GONE_AFTER) leave(tab);
}, 20_000);

// The ways in which a script of the page brings in another one. Each gets the
// script's name, its URL (where the way takes one) and its text.

var origin = "a global of the page's own, which window has too";

const paths = (() => {
  let later = 0;
  const SVG = "http://www.w3.org/2000/svg";
  const made = (url) => Object.assign(document.createElement("script"), { src: url });
  const tag = (url) => `<script src="${url}"><\/script>`;
  const inline = (text) => `<script>${text}<\/script>`;
  const frame = (attributes = {}) => {
    const element = Object.assign(document.createElement("iframe"), attributes);
    document.body.append(element);
    return element;
  };
  const loaded = (element, act) => element.addEventListener("load", () => attempt(element.way, () => act(element.contentDocument)), { once: true });
  const parsed = (markup, type = "text/html") => new DOMParser().parseFromString(markup, type);

  return {
    external: {
      append: (url) => document.head.append(made(url)),
      appendChild: (url) => document.head.appendChild(made(url)),
      "set after append": (url) => {
        const script = document.createElement("script");
        document.head.append(script);
        script.src = url;
      },
      insertBefore: (url) => {
        const first = document.getElementsByTagName("script")[0];
        first.parentNode.insertBefore(made(url), first);
      },
      insertAdjacentElement: (url) => document.body.insertAdjacentElement("beforeend", made(url)),
      replaceWith: (url) => {
        const place = document.createElement("i");
        document.body.append(place);
        place.replaceWith(made(url));
      },
      "in order": (url) => document.head.append(Object.assign(made(url), { async: false })),
      module: (url) => document.head.append(Object.assign(made(url), { type: "module", crossOrigin: "anonymous" })),
      setAttribute: (url) => {
        const script = document.createElement("script");
        script.setAttribute("src", url);
        document.head.append(script);
      },
      setAttributeNS: (url) => {
        const script = document.createElement("script");
        script.setAttributeNS(null, "src", url);
        document.head.append(script);
      },
      setAttributeNode: (url) => {
        const script = document.createElement("script");
        const attribute = document.createAttribute("src");
        attribute.value = url;
        script.setAttributeNode(attribute);
        document.head.append(script);
      },
      setNamedItem: (url) => {
        const script = document.createElement("script");
        const attribute = document.createAttribute("src");
        attribute.value = url;
        script.attributes.setNamedItem(attribute);
        document.head.append(script);
      },
      "Attr.value": (url) => {
        const script = document.createElement("script");
        const attribute = document.createAttribute("src");
        script.setAttributeNode(attribute);
        attribute.value = url;
        document.head.append(script);
      },
      "Attr.textContent": (url) => {
        const script = document.createElement("script");
        const attribute = document.createAttribute("src");
        script.setAttributeNode(attribute);
        attribute.textContent = url;
        document.head.append(script);
      },
      createElementNS: (url) => {
        const script = document.createElementNS("http://www.w3.org/1999/xhtml", "script");
        script.src = url;
        document.head.append(script);
      },
      cloneNode: (url) => document.head.append(made(url).cloneNode(true)),
      importNode: (url) => document.head.append(document.importNode(made(url), true)),
      "another document": (url) => {
        const script = document.implementation.createHTMLDocument("").createElement("script");
        script.src = url;
        document.head.append(script);
      },
      "another document, attribute": (url) => {
        const script = document.implementation.createHTMLDocument("").createElement("script");
        script.setAttribute("src", url);
        document.head.append(document.adoptNode(script));
      },
      "another document, back": (url) => {
        const script = document.createElement("script");
        const other = document.implementation.createHTMLDocument("");
        other.adoptNode(script);
        script.setAttribute("src", url);
        document.head.append(script);
      },
      "template's document": (url) => {
        const script = document.createElement("template").content.ownerDocument.createElement("script");
        script.setAttribute("src", url);
        document.head.append(script);
      },
      "new Document": (url) => {
        const script = new Document().createElementNS("http://www.w3.org/1999/xhtml", "script");
        script.setAttribute("src", url);
        document.head.append(script);
      },
      "shadow root": (url) => {
        const host = document.createElement("div");
        document.body.append(host);
        host.attachShadow({ mode: "closed" }).append(made(url));
      },
      svg: (url) => {
        const script = document.createElementNS(SVG, "script");
        script.setAttribute("href", url);
        document.body.appendChild(document.createElementNS(SVG, "svg")).append(script);
      },
      "svg, xlink": (url) => {
        const script = document.createElementNS(SVG, "script");
        script.setAttributeNS("http://www.w3.org/1999/xlink", "xlink:href", url);
        document.body.appendChild(document.createElementNS(SVG, "svg")).append(script);
      },
      "svg, baseVal": (url) => {
        const script = document.createElementNS(SVG, "script");
        script.href.baseVal = url;
        document.body.appendChild(document.createElementNS(SVG, "svg")).append(script);
      },
      createContextualFragment: (url) => document.body.append(document.createRange().createContextualFragment(`<p>${tag(url)}</p>`)),
      "createContextualFragment, odd attributes": (url) =>
        document.body.append(document.createRange().createContextualFragment(`<script =odd "also" src="${url}"><\/script>`)),
      "createContextualFragment, svg": (url) =>
        document.body.append(document.createRange().createContextualFragment(`<svg><script href="${url}"><\/script></svg>`)),
      "document.write": (url) => document.write(`<p>${tag(url)}</p>`),
      "document.write, in parts": (url) => {
        document.write(`<scr${"ipt"} src="`);
        document.write(url);
        document.write('"></scr' + "ipt>");
      },
      "document.write, a tag in parts": (url) => {
        document.write("<scr");
        document.write(`ipt src="${url}"></script>`);
      },
      "document.writeln": (url) => document.writeln(tag(url)),
      innerHTML: (url) => (document.body.appendChild(document.createElement("div")).innerHTML = tag(url)),
      outerHTML: (url) => (document.body.appendChild(document.createElement("div")).outerHTML = tag(url)),
      insertAdjacentHTML: (url) => document.body.insertAdjacentHTML("beforeend", tag(url)),
      setHTMLUnsafe: (url) => document.body.appendChild(document.createElement("div")).setHTMLUnsafe(tag(url)),
      parseHTMLUnsafe: (url) => document.body.append(document.adoptNode(Document.parseHTMLUnsafe(tag(url)).querySelector("script"))),
      DOMParser: (url) => document.body.append(document.adoptNode(parsed(tag(url)).querySelector("script"))),
      "DOMParser, cloned": (url) => document.body.append(document.importNode(parsed(tag(url)).querySelector("script"), true)),
      "DOMParser, xml": (url) => {
        const root = parsed(`<svg xmlns="${SVG}"><script href="${url}"/></svg>`, "image/svg+xml").documentElement;
        document.body.append(document.adoptNode(root));
      },
      "DOMParser, xhtml": (url) => {
        const root = parsed(`<div xmlns="http://www.w3.org/1999/xhtml"><script src="${url}"></script></div>`, "application/xhtml+xml").documentElement;
        document.body.append(document.importNode(root, true));
      },
      "XSLT": (url) => {
        const sheet = parsed(`<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><script src="${url}"></script></xsl:template></xsl:stylesheet>`, "text/xml");
        const processor = new XSLTProcessor();
        processor.importStylesheet(sheet);
        document.body.append(processor.transformToFragment(parsed("<a/>", "text/xml"), document));
      },
      template: (url) => {
        const template = document.createElement("template");
        template.innerHTML = tag(url);
        document.body.append(template.content.cloneNode(true));
      },
      "template, imported": (url) => {
        const template = document.createElement("template");
        template.innerHTML = tag(url);
        document.body.append(document.importNode(template.content, true));
      },
      "template, moved": (url) => {
        const template = document.createElement("template");
        template.innerHTML = tag(url);
        document.body.append(template.content);
      },
      "import()": (url) => void import(url).catch(() => {}),
      "import(), later": (url) => addEventListener("DOMContentLoaded", () => void import(url).catch(() => {})),
      "import(), from an allowed module": (url) => {
        const script = made("/static/importer.js?" + encodeURIComponent(url));
        script.type = "module";
        document.head.append(script);
      },
      Worker: (url) => new Worker(url),
      "Worker, module": (url) => new Worker(url, { type: "module" }),
      SharedWorker: (url) => new SharedWorker(url),
      "service worker": (url) => void navigator.serviceWorker.register(url).catch(() => {}),
      "frame's document": (url) => {
        const inner = frame().contentDocument;
        const script = inner.createElement("script");
        script.src = url;
        inner.body.append(script);
      },
      "frame's window": (url) => {
        const before = frames.length;
        frame();
        const inner = frames[before].document;
        const script = inner.createElement("script");
        script.src = url;
        inner.body.append(script);
      },
      "moved into a frame": (url) => frame().contentDocument.body.append(made(url)),
      "frame, document.write": (url) => {
        const inner = frame().contentDocument;
        inner.open();
        inner.write(`<body>${tag(url)}`);
        inner.close();
      },
      "frame in a frame": (url) => {
        const outer = frame().contentDocument;
        const inner = outer.body.appendChild(outer.createElement("iframe")).contentDocument;
        const script = inner.createElement("script");
        script.src = url;
        inner.body.append(script);
      },
      srcdoc: (url) => frame({ srcdoc: `<p>${tag(url)}` }),
      "srcdoc, created": (url, text, way) =>
        loaded(frame({ srcdoc: "<p>a frame", way }), (inner) => {
          const script = inner.createElement("script");
          script.src = url;
          inner.body.append(script);
        }),
    },
    inline: {
      text: (text) => document.head.append(Object.assign(document.createElement("script"), { text })),
      textContent: (text) => document.head.append(Object.assign(document.createElement("script"), { textContent: text })),
      innerText: (text) => document.head.append(Object.assign(document.createElement("script"), { innerText: text })),
      "a script's innerHTML": (text) => document.head.append(Object.assign(document.createElement("script"), { innerHTML: text })),
      "text node": (text) => {
        const script = document.createElement("script");
        script.append(text);
        document.head.append(script);
      },
      "text node, changed": (text) => {
        const script = document.createElement("script");
        script.append("0");
        script.firstChild.data = text;
        document.head.append(script);
      },
      "text node, late": (text) => {
        const script = document.createElement("script");
        document.head.append(script);
        script.append(text);
      },
      "text, cloned": (text) => document.head.append(Object.assign(document.createElement("script"), { text }).cloneNode(true)),
      "text node, cloned": (text) => {
        const script = document.createElement("script");
        script.append(text);
        document.head.append(script.cloneNode(true));
      },
      "text, module": (text) => document.head.append(Object.assign(document.createElement("script"), { type: "module", text })),
      "svg, text": (text) => {
        const script = document.createElementNS(SVG, "script");
        script.textContent = text;
        document.body.appendChild(document.createElementNS(SVG, "svg")).append(script);
      },
      "svg, text node": (text) => {
        const script = document.createElementNS(SVG, "script");
        script.append(text);
        document.body.appendChild(document.createElementNS(SVG, "svg")).append(script);
      },
      "createContextualFragment, text": (text) => document.body.append(document.createRange().createContextualFragment(inline(text))),
      "createContextualFragment, changed": (text) => {
        const fragment = document.createRange().createContextualFragment(inline("0"));
        fragment.firstChild.firstChild.data = text;
        document.body.append(fragment);
      },
      "document.write, text": (text) => document.write(inline(text)),
      "document.write, text in parts": (text) => {
        document.write("<script>");
        document.write(text);
        document.write("<\/script>");
      },
      "innerHTML, text": (text) => (document.body.appendChild(document.createElement("div")).innerHTML = inline(text)),
      "template, text": (text) => {
        const template = document.createElement("template");
        template.innerHTML = inline(text);
        document.body.append(template.content.cloneNode(true));
      },
      "frame's document, text": (text) => {
        const inner = frame().contentDocument;
        inner.body.append(Object.assign(inner.createElement("script"), { text }));
      },
      "frame, document.write, text": (text) => {
        const inner = frame().contentDocument;
        inner.open();
        inner.write(`<body>${inline(text)}`);
        inner.close();
      },
      "srcdoc, text": (text) => frame({ srcdoc: `<p>${inline(text)}` }),
      eval: (text) => (0, eval)(text),
      Function: (text) => new Function(text)(),
      "Function of a frame": (text) => new (frame().contentWindow.Function)(text)(),
      setTimeout: (text) => void setTimeout(text),
      setInterval: (text) => {
        const id = setInterval(text, 500);
        setTimeout(() => clearInterval(id), 700);
      },
      handler: (text) => {
        const image = document.createElement("img");
        image.setAttribute("onerror", text);
        image.src = "/nowhere.png?" + Math.random();
      },
      "handler, markup": (text) => {
        const div = document.body.appendChild(document.createElement("div"));
        div.innerHTML = "<img src=/nowhere.png?" + Math.random() + ">".replace(">", ' onerror="' + text.replaceAll('"', "&quot;") + '">');
      },
      "javascript: URL of a frame": (text) => frame({ src: "javascript:" + encodeURIComponent(text) }),
      "javascript: URL of a link": (text) => {
        const link = document.body.appendChild(document.createElement("a"));
        link.href = "javascript:" + encodeURIComponent(text);
        link.click();
      },
      "javascript: URL of the page": (text) =>
        // Later: in WebKit it ends what document.write has begun. One after the other: the
        // last takes the place of the others.
        addEventListener("load", () => setTimeout(() => (location.href = "javascript:" + encodeURIComponent(text + ";void 0")), 300 * later++), {
          once: true,
        }),
      "data: URL": (text) => document.head.append(made("data:text/javascript," + encodeURIComponent(text))),
      "blob: URL": (text) => document.head.append(made(URL.createObjectURL(new Blob([text], { type: "text/javascript" })))),
      "import() of data:": (text) => void import("data:text/javascript," + encodeURIComponent(text)).catch(() => {}),
      "import() of data:, later": (text) =>
        addEventListener("DOMContentLoaded", () => void import("data:text/javascript," + encodeURIComponent(text)).catch(() => {})),
      "import() of blob:": (text) => void import(URL.createObjectURL(new Blob([text], { type: "text/javascript" }))).catch(() => {}),
      "Worker of blob:": (text) => new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" }))),
    },
  };
})();

window.outcome = {};
function attempt(way, act) {
  try {
    act();
    outcome[way] ??= "done";
  } catch (error) {
    outcome[way] = String(error);
  }
}
const only = new URLSearchParams(location.search).get("only")?.split("|");
for (const [verdict, base] of Object.entries(BASES)) {
  for (const [way, act] of Object.entries(paths.external)) {
    const name = `${way}/${verdict}`;
    if (!only || only.includes(name)) attempt(name, () => act(`${base}/ran.js?${encodeURIComponent(name)}`, "", name));
  }
  for (const [way, act] of Object.entries(paths.inline)) {
    const name = `${way}/${verdict}`;
    if (!only || only.includes(name)) attempt(name, () => act(TEXTS[name], name));
  }
}

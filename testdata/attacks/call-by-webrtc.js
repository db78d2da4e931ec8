// Tries: send what it has by WebRTC, which asks a STUN server that the script names.
// Engines: chromium firefox – WebKitGTK 2.50 is built without WebRTC.
// Lacks: typeof RTCPeerConnection === "undefined"
(async () => {
  const { hostname } = new URL(CDN);
  const tried = attempt(() => {
    const peer = new RTCPeerConnection({ iceServers: [{ urls: `stun:${hostname}:${STUN}` }] });
    peer.createDataChannel("out");
    return peer.createOffer().then((offer) => peer.setLocalDescription(offer));
  });
  await Promise.resolve(tried).catch(() => {});
  setTimeout(() => over("call-by-webrtc"), 600);
})();

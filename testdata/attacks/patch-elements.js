// Tries: patch what frames are made with, so that a stranger's compartment stands in no sandbox and may take the page.
patched("patch-elements", () => {
  const { setAttribute, setAttributeNS } = Element.prototype;
  Element.prototype.setAttribute = function (name, value) {
    if (String(name).toLowerCase() !== "sandbox") setAttribute.call(this, name, value);
  };
  Element.prototype.setAttributeNS = function (namespace, name, value) {
    if (String(name).toLowerCase() !== "sandbox") setAttributeNS.call(this, namespace, name, value);
  };
  Element.prototype.toggleAttribute = () => true;
  for (const name of ["sandbox", "allow"]) Object.defineProperty(HTMLIFrameElement.prototype, name, { get: () => "", set: () => {} });
});

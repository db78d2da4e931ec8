later.push("external"); document.write("<i id=i>i</i>");

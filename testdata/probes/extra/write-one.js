step("one");
document.write("<p id=one>one</p><script id=w4 src='" + VENDOR + "/extra/write-two.js'></script><p>behind two</p>");
document.write("<p>last of one</p>");
step("end of one");

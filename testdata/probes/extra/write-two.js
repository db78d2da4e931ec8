step("two");
document.write("<p id=two>two</p>");

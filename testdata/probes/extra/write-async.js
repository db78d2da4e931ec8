step("async");
document.write("<p id=async-wrote>async</p>");

export default "Good day";

export default "prefetched";

package server

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc/PID/stat, which is the same on every Linux.
const tick = time.Second / 100

// CPUTime returns the CPU time that a process group has used: a server and its
// workers. It is 0 where there is no /proc.
func CPUTime(group int) time.Duration {
	var sum time.Duration
	for _, fields := range groupStats(group) {
		for _, field := range fields[11:13] { // in user mode, in the kernel
			ticks, _ := strconv.Atoi(field)
			sum += time.Duration(ticks) * tick
		}
	}
	return sum
}

// Memory returns the bytes of RAM that a process group has (its resident set, or RSS),
// 0 where there is no /proc. What two of its processes share counts twice.
func Memory(group int) int {
	sum := 0
	for _, fields := range groupStats(group) {
		pages, _ := strconv.Atoi(fields[21])
		sum += pages * os.Getpagesize()
	}
	return sum
}

// groupStats returns what /proc/PID/stat has of each process of a group, from the
// state on, which is the third field of proc(5).
func groupStats(group int) [][]string {
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is sound
	var all [][]string
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// proc(5): PID (name) state parent group …; the name may hold anything.
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) > 21 && fields[2] == strconv.Itoa(group) {
			all = append(all, fields)
		}
	}
	return all
}

package compartments

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"text/tabwriter"

	"chatproxy/integration/program"
	"chatproxy/integration/vendors"
)

var (
	rounds = flag.Int("rounds", 9, "measured rounds, at least 3")
	built  string // the program
)

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() == "" {
		os.Exit(m.Run()) // without the program
	}
	os.Exit(program.Main(m, &built))
}

// forms are what is compared. The first two have no vendors.
var forms = []struct {
	name    string
	form    vendors.Form
	vendors []vendors.Vendor
}{
	{"no-vendors", vendors.Plain, nil},
	{"no-vendors-behind-chatproxy", vendors.Compartment, nil},
	{"plain", vendors.Plain, three},
	{"compartment", vendors.Compartment, three},
	{"partytown-atomics", vendors.PartytownAtomics, three},
	{"partytown-service-worker", vendors.PartytownServiceWorker, three},
}

var three = vendors.Named("posthog", "countly", "plausible")

// BenchmarkCost prints the table. It judges nothing that a busy machine could change, but
// that each form delivered what the vendors had to say. Run it with -benchtime 1x: it
// counts its rounds itself, so that the forms take turns.
func BenchmarkCost(t *testing.B) {
	if *rounds < 3 {
		t.Fatal("at least 3 rounds make a median")
	}
	pages := make([]*page, len(forms))
	for i, f := range forms {
		pages[i] = newPage(t, f.name, f.form, f.vendors)
	}
	costs := make([][]cost, len(forms))
	for round := range *rounds {
		for i, p := range pages {
			t.Run(fmt.Sprintf("%d/%s", round+1, p.name), func(t *testing.B) {
				costs[i] = append(costs[i], p.visit(t))
			})
		}
	}
	fmt.Printf("\nA page with three vendors, first visit in Chromium: medians of %d rounds in alternation\n", *rounds)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\tmain thread, ms\tof processor, ms\tscript, ms\tblocking, ms\trequests\thits\t")
	of := map[string]cost{}
	for i, f := range forms {
		c := medians(costs[i])
		of[f.name] = c
		fmt.Fprintf(w, "%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t\n", f.name, c.tasks, c.processor, c.script, c.blocking, c.requests, c.hits)
	}
	_ = w.Flush() // to stdout
	ours := of["compartment"]
	for _, peer := range []string{"plain", "partytown-atomics", "partytown-service-worker"} {
		if of[peer].hits < of["plain"].hits {
			fmt.Printf("%s delivered %.0f of %.0f hits\n", peer, of[peer].hits, of["plain"].hits)
		}
		verdict("less main-thread time than "+peer, ours.tasks < of[peer].tasks, "%.2f of it (processor %.2f)", ours.tasks/of[peer].tasks, ours.processor/of[peer].processor)
	}
	better := min(of["partytown-atomics"].requests, of["partytown-service-worker"].requests)
	verdict("no more requests than Partytown's better mode", ours.requests <= better, "%.0f to %.0f", ours.requests, better)
	if ours.hits < of["plain"].hits {
		t.Errorf("the compartment delivered %.0f of %.0f hits: its cost cannot be compared", ours.hits, of["plain"].hits)
	}
	printSizes(t, pages[slices.Index(names(), "compartment")])
}

func names() (all []string) {
	for _, f := range forms {
		all = append(all, f.name)
	}
	return all
}

func medians(costs []cost) cost {
	of := func(field func(cost) float64) float64 {
		values := make([]float64, len(costs))
		for i, c := range costs {
			values[i] = field(c)
		}
		slices.Sort(values)
		n := len(values)
		if n == 0 {
			return 0
		}
		return (values[(n-1)/2] + values[n/2]) / 2
	}
	return cost{
		tasks:     of(func(c cost) float64 { return c.tasks }),
		processor: of(func(c cost) float64 { return c.processor }),
		script:    of(func(c cost) float64 { return c.script }),
		blocking:  of(func(c cost) float64 { return c.blocking }),
		requests:  of(func(c cost) float64 { return c.requests }),
		hits:      of(func(c cost) float64 { return c.hits }),
	}
}

// verdict says whether a goal holds. One that does not is no failure.
func verdict(goal string, holds bool, format string, args ...any) {
	word := "does not hold"
	if holds {
		word = "holds"
	}
	fmt.Printf("%s: %s %s\n", goal, fmt.Sprintf(format, args...), word)
}

package site

import "time"

// article is a story of the newspaper; its text stands in pages/news-<Slug>.html
// and its picture in static/art/<Art>.svg.
type article struct {
	Slug, Section, Art   string
	Headline, Standfirst string
	Teaser               string
	Author, Caption      string
	daysAgo              int
}

// published keeps the newspaper fresh on whatever day it is looked at.
func (a article) published(now time.Time) string {
	return now.AddDate(0, 0, -a.daysAgo).Format("Monday, 2 January 2006")
}

// articles, the lead first.
var articles = []article{
	{
		Slug: "night-ferry", Section: "Harbour", Art: "ferry",
		Headline:   "After eleven winters, the night ferry is back",
		Standfirst: "Sixty-one people crossed to Saltby on Friday at twenty to eleven. One of them used a ticket from last time.",
		Teaser:     "Sixty-one people crossed to Saltby on Friday. One had kept her ticket.",
		Author:     "Tobias Wren", Caption: "The Marguerite off the Staithe on her first night back. Cut by Dilys Penn.",
	},
	{
		Slug: "clock-tower-swifts", Section: "Town", Art: "tower",
		Headline:   "Town clock to stay wrong until the swifts have gone",
		Standfirst: "Seven nests behind a louvre have stopped the repair of the tower. The market has bought an alarm clock.",
		Teaser:     "Seven nests have stopped the repair. The market has bought an alarm clock.",
		Author:     "Mabel Osei", Caption: "Five past four, all summer. Cut by Dilys Penn.", daysAgo: 1,
	},
	{
		Slug: "seed-library", Section: "Gardens", Art: "seeds",
		Headline:   "Borrow a bean, bring back two",
		Standfirst: "The library has filled its old card catalogue with seeds. There are no fines, because nobody could think of a fair one for a slug.",
		Teaser:     "The library has filled its card catalogue with seeds. There are no fines.",
		Author:     "Jun Castellane", Caption: "Drawer Ba–Be, on a good day. Cut by Dilys Penn.", daysAgo: 2,
	},
	{
		Slug: "tide-mill", Section: "Crafts", Art: "mill",
		Headline:   "The tide mill grinds again, by the moon",
		Standfirst: "Nine years of Sundays have put the wheel at Cray Creek back in the water. Its miller keeps the sea's hours.",
		Teaser:     "Nine years of Sundays have put the wheel at Cray Creek back in the water.",
		Author:     "Jun Castellane", Caption: "Cray Creek at half ebb, with the gate open. Cut by Dilys Penn.", daysAgo: 3,
	},
}

// others are all articles but the one named.
func others(slug string) []article {
	var rest []article
	for _, a := range articles {
		if a.Slug != slug {
			rest = append(rest, a)
		}
	}
	return rest
}

package web

import (
	"net/url"
	"strconv"
)

// A pager cuts a long list into pages.
type pager struct {
	Page, Pages int // from 1
	Total       int
	Prev, Next  string // addresses; "" where there is none
}

// pageParam is the query's parameter that says which page of a list is shown.
const pageParam = "page"

// paged returns the part of a list that a visit asks for, of so many a page.
func paged[T any](v *visit, list []T, size int) ([]T, pager) {
	p := pager{Total: len(list), Pages: max(1, (len(list)+size-1)/size)}
	n, err := strconv.Atoi(v.URL.Query().Get(pageParam))
	if err != nil {
		n = 1
	}
	p.Page = min(max(1, n), p.Pages)
	at := func(n int) string {
		q := v.URL.Query()
		q.Del(saidParam)
		q.Set(pageParam, strconv.Itoa(n))
		return (&url.URL{Path: v.URL.Path, RawQuery: q.Encode()}).String()
	}
	if p.Page > 1 {
		p.Prev = at(p.Page - 1)
	}
	if p.Page < p.Pages {
		p.Next = at(p.Page + 1)
	}
	first := (p.Page - 1) * size
	return list[first:min(first+size, len(list))], p
}

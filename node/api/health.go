package api

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"navette/node"
)

// Health adds /health to mux, which answers 200 as long as the node works, and
// with metrics also /metrics for Prometheus. Serve it on loopback only.
func (s *Server) Health(mux *http.ServeMux, metrics bool) {
	mux.HandleFunc("GET /health", s.handle(func(http.ResponseWriter, *http.Request) (any, error) {
		for _, c := range s.node.All() {
			if _, err := c.Counts(); err != nil {
				return nil, err
			}
		}
		return map[string]string{"status": "ok", "version": node.Version}, nil
	}))
	if !metrics {
		return
	}
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), nodeCollector{s.node})
	mux.Handle("GET /metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{}))
}

// nodeCollector measures a node when it is asked.
type nodeCollector struct{ node *node.Node }

var (
	changesDesc   = prometheus.NewDesc("navette_changes", "Changes stored.", []string{"commons"}, nil)
	resourcesDesc = prometheus.NewDesc("navette_resources", "Resources, removed ones left out.", []string{"commons", "kind"}, nil)
	sessionsDesc  = prometheus.NewDesc("navette_sessions", "Peers that an exchange is open with.", []string{"commons"}, nil)
	missingDesc   = prometheus.NewDesc("navette_missing_changes", "Changes that peers have and this node lacks.", []string{"commons"}, nil)
	toGiveDesc    = prometheus.NewDesc("navette_unconfirmed_changes", "Changes that peers in reach have yet to confirm.", []string{"commons"}, nil)
	storeDesc     = prometheus.NewDesc("navette_store_bytes", "Bytes of the store on the disk.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c nodeCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{changesDesc, resourcesDesc, sessionsDesc, missingDesc, toGiveDesc, storeDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c nodeCollector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, x := range c.node.All() {
		id := x.ID().String()[:16]
		gauge(changesDesc, float64(x.Changes()), id)
		counts, err := x.Counts()
		if err != nil {
			ch <- prometheus.NewInvalidMetric(resourcesDesc, err)
		}
		for kind, n := range counts {
			gauge(resourcesDesc, float64(n), id, kind)
		}
		e := x.Exchange()
		gauge(sessionsDesc, float64(e.Peers), id)
		gauge(missingDesc, float64(e.Missing), id)
		gauge(toGiveDesc, float64(e.ToGive), id)
	}
	size, err := c.node.StoreSize()
	if err != nil {
		ch <- prometheus.NewInvalidMetric(storeDesc, err)
		return
	}
	gauge(storeDesc, float64(size))
}

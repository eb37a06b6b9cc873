package app

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc/codes"

	"routeguide/server/rpc"
	"routeguide/server/store"
	"routeguide/server/upstream"
)

// A tally counts what the store and the upstreams tell of.
type tally struct {
	commits   prometheus.Histogram
	changes   prometheus.Counter
	upstreams *prometheus.CounterVec
}

func newTally() *tally {
	return &tally{
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "routeguide_store_commit_seconds", Help: "Seconds that transactions took until they were durable.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 2.5, 14),
		}),
		changes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "routeguide_store_changes_total", Help: "Changes that were made here.",
		}),
		upstreams: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "routeguide_upstream_handled_total", Help: "Calls of upstreams ended, by status code.",
		}, []string{"upstream", "grpc_code"}),
	}
}

// committed is for store.Options.
func (t *tally) committed(changes int, took time.Duration) {
	t.commits.Observe(took.Seconds())
	t.changes.Add(float64(changes))
}

// relayed is for upstream.Options.
func (t *tally) relayed(upstream string, code codes.Code) {
	if code > codes.Unauthenticated { // it made that up
		code = codes.Unknown
	}
	t.upstreams.WithLabelValues(upstream, code.String()).Inc()
}

// metrics answers with what the process, its calls, its store and its upstreams come to, as Prometheus asks.
func metrics(calls *rpc.Calls, st *store.Store, upstreams *upstream.Upstreams, t *tally) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(calls, t.commits, t.changes, t.upstreams,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge := func(name, help string, labels prometheus.Labels, read func() float64) {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, read))
	}
	gauge("routeguide_build_info", "Always 1; the label says which version runs.", prometheus.Labels{"version": Version()}, func() float64 { return 1 })
	gauge("routeguide_ready", "1 while changes are made, else 0.", nil, func() float64 { return oneIf(st.Ready() == nil) })
	gauge("routeguide_store_damage", "Reads and writes that needed a part of the store that is damaged.", nil,
		func() float64 { return float64(st.Damage()) })
	gauge("routeguide_store_position", "The newest change that was made here.", nil, func() float64 { return float64(st.Figures().Position) })
	gauge("routeguide_store_waiting_changes", "Changes that wait for their place in the order.", nil,
		func() float64 { return float64(st.Figures().Waiting) })
	gauge("routeguide_store_followers", "Who is told of changes.", nil, func() float64 { return float64(st.Figures().Followers) })
	gauge("routeguide_store_bytes", "Bytes of the store's files.", nil, func() float64 { return float64(st.Figures().Bytes) })
	if st.Figures().Shared {
		gauge("routeguide_cluster_behind_messages", "Messages of the cluster that are not applied here yet.", nil,
			func() float64 { return float64(st.Figures().Behind) })
	}
	for _, name := range upstreams.Names() {
		gauge("routeguide_upstream_connected", "1 while there is a connection, else 0; it is made by the first call.",
			prometheus.Labels{"upstream": name}, func() float64 { return oneIf(upstreams.Connected(name)) })
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

package app

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"routeguide/server/rpc"
	"routeguide/server/store"
)

// metrics answers with what the process, its calls and its store come to, as Prometheus asks.
func metrics(calls *rpc.Calls, st *store.Store) http.Handler {
	damage := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "routeguide_store_damage", Help: "Reads and writes that needed a part of the store that is damaged.",
	}, func() float64 { return float64(st.Damage()) })
	registry := prometheus.NewRegistry()
	registry.MustRegister(calls, damage, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

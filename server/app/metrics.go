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
		Name: "routeguide_store_damage", Help: "Findings of records that are missing; /readyz says which.",
	}, func() float64 { return float64(len(st.Damage())) })
	registry := prometheus.NewRegistry()
	registry.MustRegister(calls, damage, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

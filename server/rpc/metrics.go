package rpc

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
)

// metrics counts calls under the names and labels that dashboards for gRPC know, and messages when their call has ended.
type metrics struct {
	started, handled *prometheus.CounterVec
	received, sent   *prometheus.CounterVec
	took             *prometheus.HistogramVec
}

func newMetrics() *metrics {
	counter := func(name, help string, more ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help},
			append([]string{"grpc_type", "grpc_service", "grpc_method"}, more...))
	}
	return &metrics{
		started:  counter("grpc_server_started_total", "Calls begun."),
		handled:  counter("grpc_server_handled_total", "Calls ended, by status code.", "grpc_code"),
		received: counter("grpc_server_msg_received_total", "Messages received in calls that have ended."),
		sent:     counter("grpc_server_msg_sent_total", "Messages sent in calls that have ended."),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "grpc_server_handling_seconds", Help: "Seconds from a call's begin to its end.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 9),
		}, []string{"grpc_type", "grpc_service", "grpc_method"}),
	}
}

// A kind is the grpc_type of a method.
func kind(clientStream, serverStream bool) string {
	switch {
	case clientStream && serverStream:
		return "bidi_stream"
	case clientStream:
		return "client_stream"
	case serverStream:
		return "server_stream"
	}
	return "unary"
}

// begin counts a call that begins; end must be called when it has ended. Methods that are not ours share one name, since
// anybody can make up names.
func (m *metrics) begin(kind, fullMethod string, ours bool) (end func(code codes.Code, received, sent uint64)) {
	service, method, _ := strings.Cut(strings.TrimPrefix(fullMethod, "/"), "/")
	if !ours {
		service, method = "other", "other"
	}
	start := time.Now()
	m.started.WithLabelValues(kind, service, method).Inc()
	return func(code codes.Code, received, sent uint64) {
		m.handled.WithLabelValues(kind, service, method, code.String()).Inc()
		m.received.WithLabelValues(kind, service, method).Add(float64(received))
		m.sent.WithLabelValues(kind, service, method).Add(float64(sent))
		m.took.WithLabelValues(kind, service, method).Observe(time.Since(start).Seconds())
	}
}

func (m *metrics) each(do func(prometheus.Collector)) {
	for _, c := range []prometheus.Collector{m.started, m.handled, m.received, m.sent, m.took} {
		do(c)
	}
}

// Describe and Collect make Calls a prometheus.Collector.
func (c *Calls) Describe(ch chan<- *prometheus.Desc) {
	c.metrics.each(func(m prometheus.Collector) { m.Describe(ch) })
}

// Collect is the other half of prometheus.Collector.
func (c *Calls) Collect(ch chan<- prometheus.Metric) {
	c.metrics.each(func(m prometheus.Collector) { m.Collect(ch) })
}

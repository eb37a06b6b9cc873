package rpc

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
)

// metrics counts calls under the names and labels that dashboards for gRPC know, and by door; messages and bytes when their call
// has ended.
type metrics struct {
	started, handled         *prometheus.CounterVec
	received, sent           *prometheus.CounterVec
	receivedBytes, sentBytes *prometheus.CounterVec
	open                     *prometheus.GaugeVec
	took                     *prometheus.HistogramVec

	all sync.Map // *series by line
}

// A line is the labels of calls that are counted together.
type line struct{ kind, service, method, door string }

func (l line) labels() []string { return []string{l.kind, l.service, l.method, l.door} }

// A series is what is counted of a line.
type series struct {
	line
	of                       *metrics
	started                  prometheus.Counter
	received, sent           prometheus.Counter
	receivedBytes, sentBytes prometheus.Counter
	open                     prometheus.Gauge
	took                     prometheus.Observer
	handled                  [codes.Unauthenticated + 1]atomic.Pointer[prometheus.Counter]
}

func newMetrics() *metrics {
	labels := []string{"grpc_type", "grpc_service", "grpc_method", "door"}
	counter := func(name, help string, more ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, append(labels[:len(labels):len(labels)], more...))
	}
	return &metrics{
		started:       counter("grpc_server_started_total", "Calls begun."),
		handled:       counter("grpc_server_handled_total", "Calls ended, by status code.", "grpc_code"),
		received:      counter("grpc_server_msg_received_total", "Messages received in calls that have ended."),
		sent:          counter("grpc_server_msg_sent_total", "Messages sent in calls that have ended."),
		receivedBytes: counter("grpc_server_msg_received_bytes_total", "Bytes of the messages received in calls that have ended, as they came."),
		sentBytes:     counter("grpc_server_msg_sent_bytes_total", "Bytes of the messages sent in calls that have ended, before they are compressed."),
		open: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "routeguide_open_calls", Help: "Calls under way.",
		}, labels),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "grpc_server_handling_seconds", Help: "Seconds from a call's begin to its end.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 2.5, 14),
		}, labels),
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

// begin counts a call that begins; end must follow when it has ended. Methods that are not ours share one name, since anybody
// can make up names.
func (m *metrics) begin(kind, fullMethod, door string, ours bool) *series {
	l := line{kind: kind, service: "other", method: "other", door: door}
	if ours {
		l.service, l.method, _ = strings.Cut(strings.TrimPrefix(fullMethod, "/"), "/")
	}
	s := m.series(l)
	s.started.Inc()
	s.open.Inc()
	return s
}

func (m *metrics) series(l line) *series {
	if s, ok := m.all.Load(l); ok {
		return s.(*series)
	}
	with := l.labels()
	s, _ := m.all.LoadOrStore(l, &series{
		line: l, of: m, started: m.started.WithLabelValues(with...), open: m.open.WithLabelValues(with...),
		received: m.received.WithLabelValues(with...), sent: m.sent.WithLabelValues(with...),
		receivedBytes: m.receivedBytes.WithLabelValues(with...), sentBytes: m.sentBytes.WithLabelValues(with...),
		took: m.took.WithLabelValues(with...),
	})
	return s.(*series)
}

// end counts a call that has ended.
func (s *series) end(c *call, code codes.Code, sent uint64) {
	s.open.Dec()
	s.ended(code).Inc()
	s.received.Add(float64(c.received.through()))
	s.sent.Add(float64(sent))
	s.receivedBytes.Add(float64(c.receivedBytes.Load()))
	s.sentBytes.Add(float64(c.sentBytes.Load()))
	s.took.Observe(c.took.Seconds())
}

func (s *series) ended(code codes.Code) prometheus.Counter {
	if int(code) >= len(s.handled) { // an upstream made it up
		code = codes.Unknown
	}
	if counter := s.handled[code].Load(); counter != nil {
		return *counter
	}
	counter := s.of.handled.WithLabelValues(append(s.labels(), code.String())...)
	s.handled[code].Store(&counter)
	return counter
}

func (m *metrics) each(do func(prometheus.Collector)) {
	for _, c := range []prometheus.Collector{m.started, m.handled, m.received, m.sent, m.receivedBytes, m.sentBytes, m.open, m.took} {
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

package cluster

import "k8s.io/klog/v2"

// Quiet keeps the Kubernetes libraries from writing to the standard error stream: everything that matters comes as an
// error. It silences the process's one logger, so it is for mains, before anything else.
func Quiet() { klog.SetLoggerWithOptions(klog.New(silence{}), klog.ContextualLogger(true)) }

// silence is a logger that drops everything. klog takes an empty logger for none, and then writes itself.
type silence struct{}

func (silence) Init(klog.RuntimeInfo)          {}
func (silence) Enabled(int) bool               { return false }
func (silence) Info(int, string, ...any)       {}
func (silence) Error(error, string, ...any)    {}
func (silence) WithValues(...any) klog.LogSink { return silence{} }
func (silence) WithName(string) klog.LogSink   { return silence{} }

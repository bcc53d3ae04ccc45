package look

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// A browser is a headless Chromium that is spoken to by the Chrome DevTools Protocol over a pipe: JSON messages, each ended
// by a zero byte (https://chromedevtools.github.io/devtools-protocol/). It resolves no name, so that nothing leaves this machine.
type browser struct {
	t        *testing.T
	to       io.Writer
	calls    sync.Mutex
	last     int
	answers  chan message
	events   chan message
	finished chan error
}

// A message is a command, its answer, or an event.
type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// startBrowser starts the one that LOOK_CHROMIUM names, and ends it with the test.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	path := os.Getenv("LOOK_CHROMIUM")
	if path == "" {
		t.Fatal("LOOK_CHROMIUM is not set: run test/look/run.sh")
	}
	command := exec.Command(path, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
		"--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir="+t.TempDir(), "--remote-debugging-pipe", "about:blank")
	fromHere, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, toHere, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	command.ExtraFiles, command.Stderr = []*os.File{fromHere, toHere}, &said // its descriptors 3 and 4
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	for _, end := range []*os.File{fromHere, toHere} {
		if err := end.Close(); err != nil {
			t.Fatal(err)
		}
	}
	b := &browser{t: t, to: to, answers: make(chan message), events: make(chan message, 4096), finished: make(chan error, 1)}
	go b.listen(from)
	t.Cleanup(func() {
		b.call("", "Browser.close", nil)
		_ = to.Close() // It has ended by then.
		if err := command.Wait(); err != nil {
			t.Errorf("Chromium: %v: %s", err, &said)
		}
	})
	return b
}

// listen hands on what the browser says until it has ended.
func (b *browser) listen(from io.Reader) {
	reader := bufio.NewReader(from)
	for {
		line, err := reader.ReadBytes(0)
		if err != nil {
			b.finished <- fmt.Errorf("reading from Chromium: %w", err)
			return
		}
		var m message
		if err := json.Unmarshal(line[:len(line)-1], &m); err != nil {
			b.finished <- fmt.Errorf("reading from Chromium: %w", err)
			return
		}
		if m.ID != 0 {
			b.answers <- m
			continue
		}
		select {
		case b.events <- m:
		default: // Nobody waits for it.
		}
	}
}

// call carries out a command and returns its result.
func (b *browser) call(session, method string, params any) json.RawMessage {
	b.t.Helper()
	b.calls.Lock()
	defer b.calls.Unlock()
	b.last++
	line, err := json.Marshal(message{ID: b.last, Session: session, Method: method, Params: params})
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.to.Write(append(line, 0)); err != nil {
		b.t.Fatal(err)
	}
	select {
	case answer := <-b.answers:
		if answer.Error != nil {
			b.t.Fatalf("%s: %s", method, answer.Error.Message)
		}
		return answer.Result
	case err := <-b.finished:
		b.t.Fatal(err)
		return nil
	}
}

// A window shows one file.
type window struct {
	*browser
	session string
}

// open shows a file in a window of a width, in a colour scheme, once all of it is there.
func (b *browser) open(file string, width int, scheme string) *window {
	b.t.Helper()
	var target struct{ TargetID, SessionID string }
	b.decode(b.call("", "Target.createTarget", map[string]any{"url": "about:blank"}), &target)
	b.decode(b.call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}), &target)
	w := &window{b, target.SessionID}
	w.call(w.session, "Page.enable", nil)
	w.call(w.session, "Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false})
	w.call(w.session, "Emulation.setEmulatedMedia", map[string]any{
		"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}},
	})
	w.call(w.session, "Page.navigate", map[string]any{"url": "file://" + file})
	for {
		select {
		case event := <-b.events:
			if event.Session == w.session && event.Method == "Page.loadEventFired" {
				return w
			}
		case err := <-b.finished:
			b.t.Fatal(err)
		}
	}
}

func (b *browser) decode(from json.RawMessage, into any) {
	b.t.Helper()
	if err := json.Unmarshal(from, into); err != nil {
		b.t.Fatal(err)
	}
}

// evaluate runs JavaScript in the window and decodes what it returns.
func (w *window) evaluate(script string, into any) {
	w.t.Helper()
	var evaluated struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		ExceptionDetails json.RawMessage `json:"exceptionDetails"`
	}
	w.decode(w.call(w.session, "Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true}), &evaluated)
	if evaluated.ExceptionDetails != nil {
		w.t.Fatalf("the script failed: %s", evaluated.ExceptionDetails)
	}
	w.decode(evaluated.Result.Value, into)
}

// keep writes a screenshot of the whole file where LOOK_SHOTS says, if it says so.
func (w *window) keep(name string) {
	w.t.Helper()
	dir := os.Getenv("LOOK_SHOTS")
	if dir == "" {
		return
	}
	var shot struct{ Data []byte }
	w.decode(w.call(w.session, "Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}), &shot)
	if err := os.WriteFile(dir+"/"+strings.ReplaceAll(name, "/", "-")+".png", shot.Data, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

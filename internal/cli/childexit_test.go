package cli

import (
	"errors"
	"testing"
)

func TestWhatGoesWrongAfterACommandIsSaid(t *testing.T) {
	full := errors.New("no space left on device")
	for sentence, test := range map[string]struct {
		err, after, said error
		code             int
	}{
		"the command failed, and closing too": {&childExit{7, nil}, full, full, 7},
		"the command failed alone":            {&childExit{7, nil}, nil, nil, 7},
	} {
		t.Run(sentence, func(t *testing.T) {
			var ended *childExit
			if !errors.As(endedWith(test.err, test.after), &ended) || ended.code != test.code || !errors.Is(ended.err, test.said) {
				t.Errorf("got %+v", ended)
			}
		})
	}
	if err := endedWith(nil, full); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

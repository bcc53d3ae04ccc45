package caught_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/sandbox/internal/caught"
)

func mistaken(list []int) (n int, err error) {
	defer caught.Into(&err)
	return list[3], nil
}

func TestAPanicIsAnErrorWithItsStack(t *testing.T) {
	_, err := mistaken(nil)
	var panicked *caught.Panic
	if !errors.As(err, &panicked) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"panic: ", "index out of range", "mistaken", "caught_test.go:13"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not have %q:\n%v", want, err)
		}
	}
	if n, err := mistaken([]int{0, 0, 0, 7}); n != 7 || err != nil {
		t.Errorf("without a panic: %d, %v", n, err)
	}
}

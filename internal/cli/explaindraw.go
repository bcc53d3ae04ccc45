package cli

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/explain/draw"
)

// explainView is how `pullpass explain` shows what it found.
type explainView struct {
	tree bool
	form explainForm
}

// explainForm is what -o takes: what every command writes, or a picture.
type explainForm string

const (
	svgForm  explainForm = "svg"
	htmlForm explainForm = "html"
)

// String implements pflag.Value.
func (f *explainForm) String() string { return string(*f) }

// Type implements pflag.Value.
func (f *explainForm) Type() string { return "text|json|svg|html" }

// Set implements pflag.Value.
func (f *explainForm) Set(s string) error {
	switch s {
	case string(textFormat), string(jsonFormat), string(svgForm), string(htmlForm):
		*f = explainForm(s)
		return nil
	}
	return fmt.Errorf("want text, json, svg or html")
}

func (v *explainView) register(cmd *cobra.Command) {
	v.form = explainForm(textFormat)
	cmd.Flags().BoolVar(&v.tree, "tree", false, "draw the chain: accounts, principals, policies, and where it breaks")
	cmd.Flags().VarP(&v.form, "output", "o", "how to write the result")
}

// check refuses what cannot be shown in two ways at once.
func (v *explainView) check(cmd *cobra.Command) error {
	switch {
	case v.tree && cmd.Flags().Changed("output"):
		return usagef("--tree draws on the terminal: take it, or --output")
	case v.pictured() && cmd.Flags().Changed("message"):
		return usagef("--message is written as text or json: a text has no policies to draw")
	}
	return nil
}

// writes says what every other command is told by -o.
func (v *explainView) writes() format {
	if v.form == explainForm(jsonFormat) {
		return jsonFormat
	}
	return textFormat
}

// pictured reports whether reports are to be drawn.
func (v *explainView) pictured() bool { return v.tree || v.form == svgForm || v.form == htmlForm }

// draw draws reports in the form that was asked for: all in one picture.
func (a *app) draw(v explainView, reports []explain.Report) error {
	var err error
	switch {
	case v.tree:
		_, err = io.WriteString(a.env.Stdout, draw.Tree(reports, a.drawsOn()))
	case v.form == svgForm:
		err = draw.SVG(a.env.Stdout, reports)
	default:
		err = draw.HTML(a.env.Stdout, reports)
	}
	if err != nil {
		return fmt.Errorf("drawing the explanation: %w", err)
	}
	return nil
}

// usualColumns is the width of a tree where nobody tells that of the terminal.
const usualColumns = 80

// drawsOn is what the terminal behind stdout can show. What is no terminal gets ASCII.
func (a *app) drawsOn() draw.Terminal {
	columns, err := strconv.Atoi(a.env.getenv("COLUMNS")) // Who sets it wants another width than the terminal's.
	if err != nil || columns <= 0 {
		columns = cmp.Or(a.env.Columns, usualColumns)
	}
	return draw.Terminal{
		Columns: columns, Unicode: a.env.Terminals.Stdout && a.env.speaksUTF8(), Colour: bool(a.onStdout()),
	}
}

// speaksUTF8 reads the locale as POSIX does: the first of three variables that is set decides (XBD, section 8.2,
// "Internationalization Variables").
func (e Env) speaksUTF8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := e.getenv(name); value != "" {
			value = strings.ToLower(value)
			return strings.HasSuffix(value, "utf-8") || strings.HasSuffix(value, "utf8")
		}
	}
	return false
}

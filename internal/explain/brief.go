package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/registry"
)

// Brief is the report in a few lines, for the end of another command's own: a label and a text each.
func (r Report) Brief() [][2]string {
	var lines [][2]string
	if !r.Agrees {
		lines = append(lines, [2]string{"finding", "AWS's answer and what was read of the policies contradict each other"})
	}
	if r.Cause != nil {
		lines = append(lines, [2]string{"cause", fmt.Sprintf("%s: %s", r.Conclusion, r.Cause.Text)})
	}
	if f := r.Fix; f != nil {
		lines = append(lines, [2]string{"fix", f.Text})
		for _, c := range f.Commands {
			lines = append(lines, [2]string{"run", fmt.Sprintf("in account %s: %s", f.Account, c)})
		}
		if f.Pullpass != "" {
			lines = append(lines, [2]string{"or", f.Pullpass})
		}
	}
	for _, letter := range r.Send {
		lines = append(lines, [2]string{"send", letter.String()})
	}
	return lines
}

// String is the letter with whom it is for.
func (l Letter) String() string { return "to " + l.To + ":\n" + l.Text }

// letters are what to send to whoever can read what could not be read, one an account; none where the cause is certain.
func (r Report) letters() []Letter {
	var accounts []arn.AccountID
	if r.Conclusion == Certain {
		return []Letter{}
	}
	for _, u := range r.Unread {
		if u.Account != "" && !slices.Contains(accounts, u.Account) {
			accounts = append(accounts, u.Account)
		}
	}
	letters := make([]Letter, len(accounts))
	for i, account := range accounts {
		letters[i] = r.letter(account)
	}
	return letters
}

// letter asks the administrator of one account for what is missing. It can be sent as it is: it says what was refused, in
// AWS's words, what to look at, and with what. Nobody but AWS administers a packages registry.
func (r Report) letter(account arn.AccountID) Letter {
	var b strings.Builder
	to := fmt.Sprintf("the administrator of account %s", account)
	if _, packages := registry.ByAccount(account); packages {
		to = fmt.Sprintf("AWS Support, about registry account %s", account)
	}
	if a := r.Answered; a != nil {
		fmt.Fprintf(&b, "AWS answers %s %s with %s: %s.\n", a.Service, a.Operation, a.Code, strings.TrimSuffix(a.Message, "."))
		if a.RequestID != "" {
			fmt.Fprintf(&b, "The request has the id %s.\n", a.RequestID)
		}
	}
	b.WriteString("Please look at\n")
	var commands []string
	for _, u := range r.Unread {
		if u.Account != account {
			continue
		}
		fmt.Fprintf(&b, "- %s: %s\n", u.What, u.Follows)
		if u.Command != "" && !slices.Contains(commands, u.Command) {
			commands = append(commands, u.Command)
		}
	}
	for _, command := range commands {
		fmt.Fprintf(&b, "  %s\n", command)
	}
	return Letter{Account: account, To: to, Text: strings.TrimSuffix(b.String(), "\n")}
}

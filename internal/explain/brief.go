package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
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
	if r.Conclusion != Certain {
		lines = append(lines, r.letters()...)
	}
	return lines
}

// letters are what to send to the administrators of the accounts that could not be read, one an account.
func (r Report) letters() [][2]string {
	var accounts []arn.AccountID
	for _, u := range r.Unread {
		if u.Account != "" && !slices.Contains(accounts, u.Account) {
			accounts = append(accounts, u.Account)
		}
	}
	var letters [][2]string
	for _, account := range accounts {
		letters = append(letters, [2]string{"send", r.letter(account)})
	}
	return letters
}

// letter asks the administrator of one account for what is missing.
func (r Report) letter(account arn.AccountID) string {
	var asks, commands []string
	for _, u := range r.Unread {
		if u.Account != account {
			continue
		}
		asks = append(asks, fmt.Sprintf("%s: %s", u.What, u.Follows))
		if u.Command != "" && !slices.Contains(commands, u.Command) {
			commands = append(commands, u.Command)
		}
	}
	text := fmt.Sprintf("to the administrator of account %s: ", account)
	if a := r.Answered; a != nil {
		text += fmt.Sprintf("AWS answers %s %s with %s: %s. ", a.Service, a.Operation, a.Code, strings.TrimSuffix(a.Message, "."))
	}
	text += "Please look at " + strings.Join(asks, "; and at ") + "."
	if len(commands) > 0 {
		text += " To see it: " + strings.Join(commands, " ; ")
	}
	return text
}

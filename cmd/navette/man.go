package main

import (
	"context"
	"strings"

	"navette/node"
)

// man prints the manual page, in the person's language, for man(1): packages
// have it in both.
func man(_ context.Context, e *env, args []string) error {
	if _, err := parse(flags("man"), args, 0, 0); err != nil {
		return err
	}
	e.printf(".TH NAVETTE 1 \"\" \"Navette %s\"\n", node.Version)
	e.section("man.name")
	e.printf("navette \\- %s\n", roff(e.say.text("help.intro")))
	e.section("man.synopsis")
	e.printf(".B navette\n%s\n", roff(e.say.text("man.usage")))
	e.section("man.commands")
	for _, c := range commands() {
		e.printf(".TP\n.B %s\n%s\n", roff(strings.TrimSpace(c.name+" "+c.args)), roff(e.say.text("help."+c.name)))
	}
	e.section("man.options")
	e.printf("%s\n", roff(e.say.text("help.globals")))
	e.section("man.exit")
	e.printf("%s\n", roff(e.say.text("man.codes")))
	e.section("man.files")
	e.printf(".TP\n.I /var/lib/navette\n%s\n.TP\n.I /etc/navette/navette.toml\n%s\n", roff(e.say.text("man.data")), roff(e.say.text("man.config")))
	return nil
}

func (e *env) section(key string) { e.printf(".SH %s\n", roff(e.say.text(key))) }

// roff writes a text so that it is one for roff as well.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

//go:build chromium

package main_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"navette/node/api"
	"navette/node/web/webtest"
)

// TestPages tells the first evening with a browser, against real daemons: one
// place is set up by somebody who has a keyboard and no JavaScript, another
// joins it, and what that one adds appears on the first one's open page.
//
// It runs in a network of its own, where there is nobody else.
func TestPages(t *testing.T) {
	if os.Getenv("NAVETTE_PAGES") == "" {
		alone(t)
		return
	}
	for _, args := range []string{"link set lo up", "link add here type veth peer name there", "addr add 10.77.0.1/24 dev here", "link set here up", "link set there up"} {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s", args, err, out)
		}
	}
	a, b := begin(t, "A", "7380"), begin(t, "B", "7480")
	browser := webtest.Start(t)

	// Five screens, with the keyboard alone, without JavaScript.
	p := browser.Page(t, webtest.View{Width: 360, Height: 740, Language: "fr", NoScript: true})
	p.Open(a.url)
	p.Shows("Bienvenue", "Code de mise en place")
	next := func() {
		p.Follow(func() { p.Press("Enter") })
		for _, v := range p.Axe() {
			t.Error(v)
		}
	}
	p.TabTo("#code")
	p.Type(a.access(t).SetupCode)
	p.TabTo("button.main")
	next()
	p.Shows("Où êtes-vous ?")
	p.TabTo("#place")
	p.Type("La Fabrique")
	p.TabTo("#commons")
	p.Type("Communs du Boulonnais")
	p.TabTo("button.main")
	next()
	p.Shows("Qui se sert de ce Wi-Fi ?")
	p.TabTo("input[value=us]")
	p.Press(" ")
	p.TabTo("button.main")
	next()
	p.Shows("Qui êtes-vous ?")
	p.TabTo("#person")
	p.Type("Ana")
	for _, field := range []string{"#pin", "#pin2"} {
		p.TabTo(field)
		p.Type("271828")
	}
	p.TabTo("button.main")
	next()
	p.Shows("C'est prêt", "Bienvenue à La Fabrique", "Ana")

	// An invitation for the other place, made on the page.
	p.Open(a.url + "invite")
	p.Fill("#note", "La Plume")
	p.Follow(func() { p.Click("form[action='/invite'] button") })
	var link string
	p.Eval(`document.querySelector("#link").value`, &link)
	b.navette(t, "join", link, "--place", "La Plume", "--person", "Zoé")

	// With JavaScript, what the other place adds appears on the open page.
	p.Look(webtest.View{Language: "fr"})
	p.Open(a.url + "share")
	b.navette(t, "add", "tool", "name=Perceuses à colonne", "tag=P-1")
	p.Until(`document.body.innerText.includes("Perceuses à colonne")`)
	p.Until(`document.querySelector("#strip").innerText.includes("À jour avec La Plume")`)
	p.Shot("story-live.png")

	// A phone without JavaScript finds it, in the singular and without accents.
	phone := browser.Page(t, webtest.View{Width: 360, Height: 740, Language: "fr", NoScript: true})
	phone.Open(a.url + "share")
	phone.Fill("input[type=search]", "perceuse a colonne")
	phone.Follow(func() { phone.Press("Enter") })
	phone.Shows("Perceuses à colonne")

	// Somebody asks to join on it, is let in, and goes on in their own name.
	phone.Open(a.url + "join")
	phone.Fill("#name", "Béa")
	phone.Fill("#pin", "161803")
	phone.Fill("#pin2", "161803")
	phone.Follow(func() { phone.Click("main button.main") })
	phone.Shows("C'est demandé")
	p.Open(a.url + "people")
	p.Follow(func() { p.Click("form[action='/people/in'] button") })
	p.Shows("Béa est maintenant membre")
	phone.Open(a.url + "decide/new")
	phone.Shows("Béa")
	phone.Shot("story-phone.png")

	for _, page := range []*webtest.Page{p, phone} {
		for _, c := range page.Complaints() {
			t.Errorf("the browser complains: %s", c)
		}
		for _, r := range page.Requests() {
			if !strings.HasPrefix(r.URL, a.url) && !strings.HasPrefix(r.URL, "data:") {
				t.Errorf("a page asks %s", r.URL)
			}
		}
	}
}

// alone runs this test again in a network of its own.
func alone(t *testing.T) {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "navette")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("building: %v: %s", err, out)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestPages$", "-test.v")
	cmd.Env = append(os.Environ(), "NAVETTE_PAGES="+bin)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
}

// somewhere is a place with a daemon.
type somewhere struct{ dir, url string }

// begin starts a daemon.
func begin(t *testing.T, name, port string) *somewhere {
	t.Helper()
	s := &somewhere{filepath.Join(t.TempDir(), name), "http://127.0.0.1:" + port + "/"}
	cmd := exec.Command(os.Getenv("NAVETTE_PAGES"), "up", "--data", s.dir, "--no-mdns", "--http", "127.0.0.1:"+port, "--place", name)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it may be gone already
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s ended with %v: %s", name, err, &said)
		}
	})
	late, look := time.After(30*time.Second), time.NewTicker(50*time.Millisecond)
	defer look.Stop()
	for {
		// Asked before it is there, a command would open the folder by itself.
		if _, err := os.Stat(filepath.Join(s.dir, api.SocketName)); err == nil {
			return s
		}
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("%s doesn't start: %s", name, &said)
		}
	}
}

// navette runs a command there.
func (s *somewhere) navette(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Getenv("NAVETTE_PAGES"), append(args, "--data", s.dir)...)
	cmd.Env = append(os.Environ(), "NAVETTE_LANG=fr")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("navette %v: %v: %s", args, err, out)
	}
	return out
}

// access is how one comes in.
type access struct {
	SetupCode string `json:"setup_code"`
}

func (s *somewhere) access(t *testing.T) (a access) {
	t.Helper()
	if err := json.Unmarshal(s.navette(t, "web", "--json"), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

package web

import "maps"

// All text for people. Rules: the words of the people (exchange, place,
// device, two versions; never sync, node, conflict), in French first; say what
// is wrong, then what to do. [1] is the first argument, so that a language may
// turn them round. A key with .hint is the remedy for the key before it.
// Counted words have one form for one and one for several, "one|several"; a
// key with .any says that there is none.

// words has each text in French and in English.
var words = gathered(frameWords, signInWords, setupWords, homeWords, keepWords, heldWords)

func gathered(parts ...map[string][2]string) map[string][2]string {
	all := map[string][2]string{}
	for _, p := range parts {
		maps.Copy(all, p)
	}
	return all
}

// frameWords are what stands around every page, and what is shown instead of
// one.
var frameWords = map[string][2]string{
	"name":       {"Navette", "Navette"},
	"skip":       {"Aller au contenu", "Go to the content"},
	"tabs":       {"Les cinq parties", "The five parts"},
	"tab.home":   {"Accueil", "Home"},
	"tab.share":  {"Partager", "Share"},
	"tab.agenda": {"Agenda", "Agenda"},
	"tab.know":   {"Savoirs", "Know-how"},
	"tab.decide": {"Décider", "Decide"},
	"sign_in":    {"S'identifier", "Sign in"},
	"footer":     {"Tout est gardé ici, dans ce lieu. Rien ne part sur internet.", "Everything is kept here, in this place. Nothing goes out to the internet."},
	"undo":       {"Annuler", "Undo"},
	"pager":      {"Pages de la liste", "Pages of the list"},
	"pager.prev": {"Avant", "Previous"},
	"pager.next": {"Suite", "Next"},
	"pager.at":   {"%[1]s sur %[2]s", "%[1]s of %[2]s"},

	"strip.title":   {"Échanges", "Exchanges"},
	"strip.with":    {"À jour avec %[1]s", "Up to date with %[1]s"},
	"strip.all":     {"À jour avec %d lieu|À jour avec %d lieux", "Up to date with %d place|Up to date with %d places"},
	"strip.busy":    {"Échange en cours : encore %d nouveauté|Échange en cours : encore %d nouveautés", "Exchanging: %d new thing to go|Exchanging: %d new things to go"},
	"strip.meeting": {"Un autre lieu arrive…", "Another place is arriving…"},
	"strip.away":    {"Vous pouvez continuer. %[1]s : vu %[2]s", "You can go on. %[1]s: seen %[2]s"},
	"strip.waiting": {"Vous pouvez continuer. %d nouveauté partira au prochain échange.|Vous pouvez continuer. %d nouveautés partiront au prochain échange.", "You can go on. %d new thing leaves at the next exchange.|You can go on. %d new things leave at the next exchange."},
	"strip.alone":   {"Rien que ce lieu pour l'instant", "Only this place for now"},

	"when.never":   {"jamais", "never"},
	"when.now":     {"à l'instant", "just now"},
	"when.minutes": {"il y a %d minute|il y a %d minutes", "%d minute ago|%d minutes ago"},
	"when.hours":   {"il y a %d heure|il y a %d heures", "%d hour ago|%d hours ago"},
	"weekday.0":    {"dimanche", "Sunday"},
	"weekday.1":    {"lundi", "Monday"},
	"weekday.2":    {"mardi", "Tuesday"},
	"weekday.3":    {"mercredi", "Wednesday"},
	"weekday.4":    {"jeudi", "Thursday"},
	"weekday.5":    {"vendredi", "Friday"},
	"weekday.6":    {"samedi", "Saturday"},
	"month.1":      {"janvier", "January"},
	"month.2":      {"février", "February"},
	"month.3":      {"mars", "March"},
	"month.4":      {"avril", "April"},
	"month.5":      {"mai", "May"},
	"month.6":      {"juin", "June"},
	"month.7":      {"juillet", "July"},
	"month.8":      {"août", "August"},
	"month.9":      {"septembre", "September"},
	"month.10":     {"octobre", "October"},
	"month.11":     {"novembre", "November"},
	"month.12":     {"décembre", "December"},

	"by.somebody": {"quelqu'un", "somebody"},
	"by.for":      {"%[1]s pour %[2]s", "%[1]s for %[2]s"},

	"problem.busy":           {"Trop de pages sont ouvertes à la fois", "Too many pages are open at once"},
	"problem.title":          {"Cela n'a pas marché", "That didn't work"},
	"problem.home":           {"Retour à l'accueil", "Back to the home page"},
	"problem.typed":          {"Ce que vous aviez écrit", "What you had written"},
	"problem.typed.hint":     {"Rien n'est perdu : copiez-le d'ici, ou revenez en arrière dans le navigateur.", "Nothing is lost: copy it from here, or go back in your browser."},
	"problem.ambiguous":      {"« %[1]s » peut désigner plusieurs choses (%[2]s)", "“%[1]s” can mean several things (%[2]s)"},
	"problem.ambiguous.hint": {"Cherchez-la par son nom.", "Look for it by its name."},
	"problem.field":          {"« %[2]s » ne va pas dans « %[1]s »", "“%[2]s” doesn't fit “%[1]s”"},
	"problem.form":           {"Ce formulaire est arrivé abîmé", "This form arrived damaged"},
	"problem.form.hint":      {"Revenez en arrière et envoyez-le encore une fois.", "Go back and send it once more."},
	"problem.full":           {"Il n'y a plus assez de place sur le disque : rien n'a été enregistré", "There isn't enough room on the disk: nothing was saved"},
	"problem.full.hint":      {"Prévenez la personne qui s'occupe de la machine du lieu.", "Tell whoever looks after the place's machine."},
	"problem.internal":       {"Quelque chose s'est mal passé ici", "Something went wrong here"},
	"problem.internal.hint":  {"Réessayez. Si cela se répète, prévenez la personne qui s'occupe de la machine du lieu.", "Try again. If it happens once more, tell whoever looks after the place's machine."},
	"problem.large":          {"C'est trop gros pour être envoyé d'un coup", "That is too large to be sent at once"},
	"problem.long":           {"« %[1]s » est trop long (au plus %[2]s)", "“%[1]s” is too long (at most %[2]s)"},
	"problem.ended":          {"Votre place dans ces communs a pris fin : on peut lire ici, plus écrire. Une personne responsable peut vous inviter à nouveau", "Your place in this commons has ended: you can read here, not write any more. A steward can invite you again"},
	"problem.member":         {"Il faut être membre pour cela", "That takes a member"},
	"problem.member.hint":    {"Demandez à une personne responsable de vous inviter.", "Ask a steward to invite you."},
	"problem.method":         {"Cela ne se demande pas ainsi", "That can't be asked in this way"},
	"problem.missing":        {"Il manque « %[1]s »", "“%[1]s” is missing"},
	"problem.no_commons":     {"Ce lieu n'est pas encore installé", "This place isn't set up yet"},
	"problem.nothing":        {"Il n'y a rien ici", "There is nothing here"},
	"problem.nothing.hint":   {"L'adresse a peut-être une faute, ou la chose a été retirée.", "The address may be mistyped, or the thing was removed."},
	"problem.order":          {"La fin est avant le début", "The end is before the start"},
	"problem.origin":         {"Ce formulaire ne vient pas de cette page", "This form doesn't come from this page"},
	"problem.origin.hint":    {"Rien n'a été fait. Ouvrez la page du lieu et recommencez.", "Nothing was done. Open the place's page and try again."},
	"problem.removed":        {"Cela a été retiré entre-temps", "This was removed meanwhile"},
	"problem.secure":         {"Un compte d'agenda ne passe ici que par l'adresse protégée (https)", "A calendar account passes here by the protected address (https) only"},
	"problem.sign_in":        {"Il faut s'identifier pour cela", "You need to sign in for that"},
	"problem.steward":        {"Seule une personne responsable peut faire cela, et pas depuis cette adresse", "Only a steward can do that, and not from this address"},
	"problem.steward.hint":   {"Ouvrez la page sur la machine du lieu, ou à son adresse https.", "Open the page on the place's own machine, or at its https address."},
	"problem.stopped":        {"La machine du lieu s'arrête", "The place's machine is stopping"},
	"problem.there":          {"Cela n'est pas retiré", "This isn't removed"},
	"problem.token":          {"Cette page était ouverte depuis trop longtemps", "This page was open for too long"},
	"problem.token.hint":     {"Rien n'a été fait. Ouvrez-la à nouveau et recommencez.", "Nothing was done. Open it again and try once more."},
	"problem.versions":       {"Ce choix a déjà été fait", "This choice was made already"},
}

// homeWords are those of the first page.
var homeWords = map[string][2]string{
	"home.title":       {"Bienvenue à %[1]s", "Welcome to %[1]s"},
	"home.lead":        {"Ce que le lieu tient en commun : outils, agenda, savoirs, décisions.", "What the place holds in common: tools, agenda, know-how, decisions."},
	"count.tools":      {"%d outil|%d outils", "%d tool|%d tools"},
	"count.tools.any":  {"Pas encore d'outils", "No tools yet"},
	"count.events":     {"%d événement|%d événements", "%d event|%d events"},
	"count.events.any": {"Rien à l'agenda", "Nothing on the agenda"},
	"count.pages":      {"%d page|%d pages", "%d page|%d pages"},
	"count.places":     {"%d lieu|%d lieux", "%d place|%d places"},
	"count.pages.any":  {"Pas encore de pages", "No pages yet"},
}

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// All text for people. Rules: the words of the people (exchange, place,
// device, two versions; never sync, node, conflict), in French first; say what
// is wrong, then what to do; no capitals at the start of an error, no period
// at its end; [1] is the first argument, so that a language may turn them
// round. A key with .hint is the remedy for the key before it. Counted words
// have one form for one and one for several.

// words has each text in French and in English.
var words = map[string][2]string{
	// help
	"help.intro": {"navette garde ce qu'un lieu tient en commun, et l'échange avec les autres lieux, sans internet.",
		"navette keeps what a place holds in common, and exchanges it with other places, without the internet."},
	"help.globals": {"Partout : --data DOSSIER, --commons NOM, --json, --lang fr|en. « navette help COMMANDE » en dit plus.",
		"Everywhere: --data DIR, --commons NAME, --json, --lang fr|en. “navette help COMMAND” says more."},
	"help.up":          {"met ce lieu en route, et dit où aller ensuite", "starts this place, and says where to go next"},
	"help.init":        {"fonde des communs", "founds a commons"},
	"help.join":        {"rejoint des communs avec une invitation", "joins a commons with an invitation"},
	"help.invite":      {"fait une invitation à remettre à quelqu'un", "makes an invitation to hand to somebody"},
	"help.kit":         {"montre la trousse de secours à imprimer (24 mots)", "shows the recovery kit to print (24 words)"},
	"help.status":      {"dit comment vont les communs et les échanges", "says how the commons and the exchanges are"},
	"help.peers":       {"liste les autres lieux et appareils", "lists the other places and devices"},
	"help.list":        {"liste ce qu'il y a d'un genre : tool, event, page, place, person", "lists what there is of a kind: tool, event, page, place, person"},
	"help.show":        {"montre une chose, aujourd'hui ou telle qu'elle était", "shows a thing, as it is or as it was"},
	"help.add":         {"ajoute une chose", "adds a thing"},
	"help.set":         {"change des champs", "changes fields"},
	"help.remove":      {"retire une chose ; « restore » la fait revenir", "removes a thing; “restore” brings it back"},
	"help.restore":     {"fait revenir une chose retirée, ou une version d'avant", "brings back what was removed, or an earlier version"},
	"help.edit":        {"ouvre le texte d'une page dans $EDITOR", "opens the text of a page in $EDITOR"},
	"help.log":         {"raconte qui a fait quoi, où et quand", "tells who did what, where and when"},
	"help.diff":        {"montre ce qui diffère entre deux versions", "shows what differs between two versions"},
	"help.versions":    {"liste les « deux versions », et les règle", "lists the “two versions”, and settles them"},
	"help.import":      {"prend un tableau CSV, un calendrier ICS, des pages Markdown", "takes a CSV table, an ICS calendar, Markdown pages"},
	"help.export":      {"rend tout un genre : csv, json, ics, md", "gives all of a kind: csv, json, ics, md"},
	"help.fingerprint": {"dit l'empreinte : la même partout, c'est que tous ont la même chose", "says the fingerprint: the same everywhere means that all hold the same"},
	"help.check":       {"examine tout ce qui est gardé ici", "examines all that is kept here"},
	"help.doctor":      {"cherche ce qui ne va pas, et dit quoi faire", "looks for what is wrong, and says what to do"},
	"help.version":     {"dit la version du programme", "says the version of the program"},
	"help.help":        {"dit comment se servir d'une commande", "says how to use a command"},

	// wrong command lines
	"usage.command":      {"je ne connais pas la commande « %[1]s »", "there is no command “%[1]s”"},
	"usage.command.hint": {"« navette help » les liste toutes", "“navette help” lists them all"},
	"usage.value":        {"il manque une valeur après %[1]s", "%[1]s wants a value"},
	"usage.help":         {"voir « navette help %[1]s »", "see “navette help %[1]s”"},
	"usage.flag":         {"je ne comprends pas cette option : %[1]s", "that option isn't understood: %[1]s"},
	"usage.flag.hint":    {"« navette help %[2]s » dit ce qu'on peut écrire", "“navette help %[2]s” says what can be written"},
	"usage.few":          {"il manque quelque chose à « navette %[1]s »", "“navette %[1]s” wants something more"},
	"usage.few.hint":     {"« navette help %[1]s » dit quoi", "“navette help %[1]s” says what"},
	"usage.many":         {"« %[1]s » est de trop", "“%[1]s” is too much"},
	"usage.many.hint":    {"entourer de guillemets un nom avec des espaces ; voir « navette help %[2]s »", "put quotes around a name with spaces; see “navette help %[2]s”"},
	"usage.init":         {"il faut le nom du lieu et celui des communs", "the name of the place and that of the commons are needed"},
	"usage.init.hint":    {"par exemple : navette init --place \"La Fabrique\" --name \"Communs du Boulonnais\"", "for instance: navette init --place \"La Fabrique\" --name \"Communs du Boulonnais\""},
	"usage.invite":       {"--uses et --days ne peuvent pas être négatifs", "--uses and --days can't be negative"},
	"usage.assign":       {"« %[1]s » n'est pas de la forme FIELD=VALUE (champ=valeur)", "“%[1]s” isn't of the form FIELD=VALUE"},
	"usage.keep":         {"--keep veut un numéro de version ou « both », pas « %[1]s »", "--keep wants the number of a version or “both”, not “%[1]s”"},
	"usage.listen":       {"--listen veut une adresse comme 0.0.0.0:4242, pas « %[1]s »", "--listen wants an address like 0.0.0.0:4242, not “%[1]s”"},
	"usage.peer":         {"--peer veut IDENTIFIANT@ADRESSE:PORT ou ADRESSE:PORT, pas « %[1]s »", "--peer wants ID@ADDRESS:PORT or ADDRESS:PORT, not “%[1]s”"},
	"usage.peer.hint":    {"« navette status », chez l'autre, montre ce qu'il faut écrire", "“navette status”, at the other place, shows what to write"},
	"usage.config":       {"le fichier de réglages %[1]s n'est pas bon : %[2]s", "the settings file %[1]s isn't good: %[2]s"},

	// up
	"up.head":      {"Navette est en route : %[1]s, dans « %[2]s ».", "Navette is running: %[1]s, in “%[2]s”."},
	"up.next":      {"Ensuite, dans une autre fenêtre :", "Next, in another window:"},
	"up.next.add":  {"ajouter un outil", "add a tool"},
	"up.next.file": {"prendre un inventaire, un agenda, des pages", "take an inventory, a calendar, pages"},
	"up.next.them": {"faire entrer un autre lieu", "let another place in"},
	"up.next.how":  {"voir comment tout va", "see how everything is"},
	"up.stop":      {"Ctrl-C arrête. Ce qui est enregistré reste.", "Ctrl-C stops. What was saved stays."},
	"up.stopped":   {"Navette s'est arrêtée ; tout est enregistré.", "Navette has stopped; everything is saved."},
	"up.port":      {"le port %[1]s est pris ; j'en ai choisi un autre", "port %[1]s is taken; another one was chosen"},
	"up.commons":   {"Communs de %[1]s", "Commons of %[1]s"},
	"up.place":     {"Mon lieu", "My place"},
	"up.person":    {"Responsable", "Steward"},
	"up.file":      {"inventaire.csv", "inventory.csv"},
	"up.tool":      {"Perceuse à colonne", "Pillar drill"},

	// founding, joining, inviting
	"init.done":     {"Communs « %[1]s » fondés, à %[2]s.", "Commons “%[1]s” founded, at %[2]s."},
	"join.done":     {"Vous avez rejoint « %[1]s » (%[2]s). L'échange commence.", "You have joined “%[1]s” (%[2]s). The exchange begins."},
	"join.already":  {"Vous faites déjà partie de « %[1]s ».", "You belong to “%[1]s” already."},
	"join.replaced": {"Les communs « %[1]s », encore vides, ont laissé la place.", "The commons “%[1]s”, still empty, gave way."},
	"join.kept":     {"« %[1]s » reste à côté : --commons choisit, « %[2]s » est désormais ce qui est visé sans rien dire.", "“%[1]s” stays beside it: --commons chooses; “%[2]s” is what is meant from now on if nothing is said."},
	"invite.done":   {"Invitation (%[1]s, %[2]s). À remettre en main propre : qui l'a peut entrer.", "Invitation (%[1]s, %[2]s). Hand it over in person: whoever has it can come in."},
	"invite.alone":  {"⚠ ce lieu n'a pas de réseau : l'invitation ne dit pas où le joindre", "⚠ this place has no network: the invitation doesn't say where to reach it"},
	"invite.how":    {"Chez eux : %[1]s join 'INVITATION'. Ce lieu doit être en route et joignable à ce moment-là.", "At their place: %[1]s join 'INVITATION'. This place must be running and in reach at that moment."},
	"kit.head":      {"Trousse de secours de « %[1]s ». Ces mots permettent de nommer et de retirer les responsables :\nles écrire ou les imprimer, les ranger en lieu sûr, ne les montrer à personne.\n", "Recovery kit of “%[1]s”. With these words stewards are appointed and removed:\nwrite or print them, keep them in a safe place, show them to nobody.\n"},
	"kit.keep":      {"\nUne fois rangés : « %[1]s kit --delete » les efface de cette machine.", "\nOnce they are put away: “%[1]s kit --delete” wipes them from this machine."},
	"kit.deleted":   {"Effacés de cette machine. Il ne reste que votre papier.", "Wiped from this machine. Your paper is all there is."},

	"role.none":       {"personne de l'extérieur", "outsider"},
	"role.reader":     {"lecture", "reader"},
	"role.member":     {"membre", "member"},
	"role.doorkeeper": {"accueil", "doorkeeper"},
	"role.steward":    {"responsable", "steward"},
	"role.root":       {"trousse de secours", "recovery kit"},

	// things
	"list.none":     {"Rien de tel ici.", "Nothing of the kind here."},
	"show.removed":  {"  (retiré ; « restore » le fait revenir)", "  (removed; “restore” brings it back)"},
	"show.created":  {"  créé : %[1]s", "  created: %[1]s"},
	"show.updated":  {"  changé : %[1]s", "  changed: %[1]s"},
	"add.done":      {"Ajouté : %[1]s (%[2]s)", "Added: %[1]s (%[2]s)"},
	"set.done":      {"Changé : %[1]s (%[2]s)", "Changed: %[1]s (%[2]s)"},
	"remove.done":   {"Retiré : %[1]s (%[2]s)", "Removed: %[1]s (%[2]s)"},
	"restore.done":  {"De retour : %[1]s (%[2]s)", "Brought back: %[1]s (%[2]s)"},
	"edit.done":     {"Enregistré : %[1]s (%[2]s)", "Saved: %[1]s (%[2]s)"},
	"edit.same":     {"« %[1]s » n'a pas changé.", "“%[1]s” hasn't changed."},
	"edit.kept":     {"votre texte est gardé dans %[1]s", "your text is kept in %[1]s"},
	"diff.none":     {"  Aucune différence.", "  No difference."},
	"versions.none": {"Rien n'est en deux versions.", "Nothing is in two versions."},
	"versions.of":   {"deux versions de « %[1]s » :", "two versions of “%[1]s”:"},
	"versions.how":  {"Choisir : %[1]s versions --resolve ID --field CHAMP --keep 1 (ou 2, ou both)", "Choose: %[1]s versions --resolve ID --field FIELD --keep 1 (or 2, or both)"},
	"versions.done": {"Réglé : %[1]s (%[2]s)", "Settled: %[1]s (%[2]s)"},

	"mark.two_versions": {"⚠ deux versions", "⚠ two versions"},
	"mark.malformed":    {"ne se lit pas comme prévu", "can't be read as it should"},
	"mark.too_long":     {"trop long", "too long"},
	"mark.unknown":      {"champ que cette version ne connaît pas", "a field that this version doesn't know"},

	"did.created":   {"ajouté", "added"},
	"did.new":       {"nouveau", "new"},
	"did.changed":   {"changé", "changed"},
	"did.removed":   {"retiré", "removed"},
	"did.restored":  {"de retour", "brought back"},
	"did.unchanged": {"inchangé", "unchanged"},

	"by":          {"%[1]s, à %[2]s, %[3]s", "%[1]s, at %[2]s, %[3]s"},
	"by.nobody":   {"quelqu'un", "somebody"},
	"by.nowhere":  {"un lieu sans nom", "a place without a name"},
	"by.never":    {"à une heure inconnue", "at an unknown time"},
	"format.time": {"le 02/01/2006 à 15:04", "on 2 Jan 2006 at 15:04"},

	"kind.tool":   {"outil|outils", "tool|tools"},
	"kind.event":  {"événement|événements", "event|events"},
	"kind.page":   {"page|pages", "page|pages"},
	"kind.place":  {"lieu|lieux", "place|places"},
	"kind.person": {"personne|personnes", "person|people"},

	// status, peers
	"status.current":  {"(visé quand rien n'est dit)", "(meant where nothing is said)"},
	"status.place":    {"lieu", "place"},
	"status.person":   {"vous", "you"},
	"status.holds":    {"contient", "holds"},
	"status.exchange": {"échanges", "exchange"},
	"status.address":  {"adresse", "address"},
	"status.data":     {"données", "data"},

	"status.fingerprint": {"empreinte", "fingerprint"},

	"exchange.alone":      {"personne à portée ; vous pouvez continuer, tout partira au prochain échange", "nobody in reach; you can go on, everything goes out at the next exchange"},
	"exchange.exchanging": {"échange en cours avec %[1]s : %[2]d à recevoir, %[3]d à remettre", "exchanging with %[1]s: %[2]d to receive, %[3]d to hand over"},
	"exchange.up_to_date": {"à jour avec %[1]s", "up to date with %[1]s"},

	"peer.up_to_date": {"à jour", "up to date"},
	"peer.exchanging": {"échange en cours : %[1]d à recevoir, %[2]d à remettre", "exchanging: %[1]d to receive, %[2]d to hand over"},
	"peer.stranger":   {"ne fait pas partie des mêmes communs", "doesn't belong to the same commons"},
	"peer.away":       {"pas vu depuis %[3]s", "not seen since %[3]s"},
	"peers.none":      {"Aucun autre lieu n'a encore été vu. « %[1]s invite » en fait entrer un.", "No other place has been seen yet. “%[1]s invite” lets one in."},

	"peers":    {"%d lieu|%d lieux", "%d place|%d places"},
	"uses":     {"pour %d fois|pour %d fois", "for %d use|for %d uses"},
	"uses.any": {"sans limite d'usages", "for any number of uses"},

	"fingerprint.is": {"Empreinte : %[1]s", "Fingerprint: %[1]s"},

	// notices
	"notice":             {"⚠ %[1]s", "⚠ %[1]s"},
	"notice.kit":         {"la trousse de secours de « %[1]s » est encore sur cette machine : « %[2]s kit » pour l'imprimer", "the recovery kit of “%[1]s” is still on this machine: “%[2]s kit” to print it"},
	"notice.rolled_back": {"%[1]s n'était pas lisible jusqu'au bout ; ce qui manque reviendra d'un autre lieu au prochain échange", "%[1]s couldn't be read to its end; what is missing comes back from another place at the next exchange"},
	"notice.quarantined": {"les données ne s'ouvraient plus ; elles sont mises de côté dans %[1]s, et celles des autres lieux reviendront au prochain échange", "the data could not be opened; it is put aside in %[1]s, and that of other places comes back at the next exchange"},
	"notice.clock":       {"l'heure de cette machine n'est pas plausible (%[1]s) ; la régler, les noms des jours en dépendent", "this machine's clock isn't plausible (%[1]s); set it, the names of days depend on it"},
	"notice.disk":        {"il ne reste que %[1]s Mo sur le disque ; faire de la place, sinon rien ne pourra plus être enregistré", "only %[1]s MB are left on the disk; make room, or nothing more can be saved"},
	"notice.no_network":  {"aucun réseau : vérifier le Wi-Fi ou le câble", "no network: look at the Wi-Fi or the cable"},
	"notice.alone":       {"une seule copie : « %[1]s » n'existe que sur cette machine ; faire entrer un autre lieu ou appareil", "a single copy: “%[1]s” exists on this machine only; let another place or device in"},
	"notice.removed":     {"« %[1]s » ne compte plus ce lieu parmi ses membres ; demander une nouvelle invitation", "“%[1]s” doesn't count this place among its members any more; ask for a new invitation"},
	"doctor.well":        {"Tout va bien.", "All is well."},

	// import, check
	"import.progress":   {"%[1]d sur %[2]d…", "%[1]d of %[2]d…"},
	"import.done":       {"%[1]d nouveaux, %[2]d changés, %[3]d inchangés", "%[1]d new, %[2]d changed, %[3]d unchanged"},
	"import.dry":        {"Ce serait : %[1]d nouveaux, %[2]d changés, %[3]d inchangés. Rien n'est encore enregistré.", "It would be: %[1]d new, %[2]d changed, %[3]d unchanged. Nothing is saved yet."},
	"import.column":     {"  colonne « %[1]s » → %[2]s", "  column “%[1]s” → %[2]s"},
	"import.line":       {"%[1]s, ligne %[2]d", "%[1]s, line %[2]d"},
	"import.problem":    {"laissé de côté : %[1]s : %[2]s", "left out: %[1]s: %[2]s"},
	"problem.file":      {"ne se lit pas : %[1]s", "can't be read: %[1]s"},
	"problem.quote":     {"un guillemet n'est pas fermé, ou est suivi d'un texte", "a quote isn't closed, or text follows it"},
	"problem.cells":     {"%[1]s cases pour %[2]s colonnes", "%[1]s cells for %[2]s columns"},
	"problem.no_name":   {"il n'y a pas de nom", "there is no name"},
	"problem.value":     {"« %[2]s » ne va pas dans la colonne %[1]s ; il faut : %[3]s", "“%[2]s” doesn't fit the column %[1]s; what fits: %[3]s"},
	"problem.line":      {"cette ligne ne se lit pas : %[1]s", "this line can't be read: %[1]s"},
	"problem.unclosed":  {"%[1]s n'est pas fermé", "%[1]s isn't closed"},
	"problem.not_event": {"%[1]s n'est pas un événement", "%[1]s isn't an event"},
	"problem.start":     {"l'événement « %[1]s » n'a pas de début qui se lise : « %[2]s »", "the event “%[1]s” has no start that can be read: “%[2]s”"},
	"problem.repeat":    {"l'événement %[1]s y est deux fois ; le plus récent est gardé", "the event %[1]s is in it twice; the later one is kept"},
	"problem.gone":      {"%[1]s a été retiré ici, et le reste ; « restore » le fait revenir", "%[1]s was removed here, and stays so; “restore” brings it back"},
	"problem.twice":     {"« %[1]s » est déjà dans %[2]s, et autrement", "“%[1]s” is in %[2]s already, and otherwise"},

	"problem.empty":     {"il n'y a rien dedans", "there is nothing in it"},
	"problem.binary":    {"ce n'est pas un fichier de texte", "it isn't a text file"},
	"problem.too_large": {"le fichier est trop grand", "the file is too large"},
	"problem.format":    {"ce n'est pas un format qui se lise : .csv, .ics ou .md, ou dire --as", "it isn't a format that can be read: .csv, .ics or .md, or say --as"},
	"problem.unnamed":   {"aucune colonne ne dit comment les choses s'appellent ; --map name=COLONNE", "no column says what things are called; --map name=COLUMN"},
	"problem.column":    {"une colonne nommée avec --map n'y est pas", "a column named with --map isn't there"},

	// what a value has to look like; after "want." stands what crdt/commons says
	"want.text":                                 {"du texte", "text"},
	"want.a number":                             {"un nombre", "a number"},
	"want.a date, as in 2026-12-05":             {"une date, comme 2026-12-05", "a date, as in 2026-12-05"},
	"want.a time, as in 2026-12-05T19:00+01:00": {"une heure, comme 2026-12-05T19:00+01:00", "a time, as in 2026-12-05T19:00+01:00"},
	"want.yes or no":                            {"oui ou non", "yes or no"},
	"want.a link":                               {"un lien", "a link"},
	"want.a latitude from -90 to 90":            {"une latitude de -90 à 90", "a latitude from -90 to 90"},
	"want.a longitude from -180 to 180":         {"une longitude de -180 à 180", "a longitude from -180 to 180"},
	"want.a day or time, as in 2026-12-05 or 2026-12-05T19:00": {"un jour ou une heure, comme 2026-12-05 ou 2026-12-05T19:00", "a day or time, as in 2026-12-05 or 2026-12-05T19:00"},
	"want.an iCalendar property's value":                       {"la valeur d'une propriété iCalendar", "an iCalendar property's value"},
	"want.the id or name of a ":                                {"l'identifiant ou le nom d'un : %[1]s", "the id or name of a %[1]s"},
	"want.an entry: say ":                                      {"une entrée : écrire %[1]s", "an entry: say %[1]s"},
	"want.an addition: say ":                                   {"un ajout : écrire %[1]s", "an addition: say %[1]s"},
	"want.a set: say ":                                         {"un ensemble : écrire %[1]s", "a set: say %[1]s"},
	"want.one of: ":                                            {"l'un de : %[1]s", "one of: %[1]s"},

	"check.progress": {"examen : %[1]d sur %[2]d…", "examining: %[1]d of %[2]d…"},
	"check.done":     {"%[1]d modifications et %[2]d choses examinées.", "%[1]d changes and %[2]d things examined."},
	"check.problem":  {"  abîmé : %[1]s", "  damaged: %[1]s"},
	"check.mend":     {"Ce qui est abîmé revient d'un autre lieu au prochain échange.", "What is damaged comes back from another place at the next exchange."},

	// errors
	"error.internal":               {"quelque chose s'est mal passé : %[1]s", "something went wrong: %[1]s"},
	"error.no_data":                {"il n'y a pas encore de communs dans %[1]s", "there is no commons in %[1]s yet"},
	"error.no_data.hint":           {"« %[2]s up » met ce lieu en route", "“%[2]s up” starts this place"},
	"error.running":                {"Navette est déjà en route sur %[1]s", "Navette is running on %[1]s already"},
	"error.running.hint":           {"s'en servir, ou l'arrêter d'abord ; --data choisit un autre dossier", "use it, or stop it first; --data chooses another folder"},
	"error.file":                   {"%[1]s : %[2]s", "%[1]s: %[2]s"},
	"error.listen":                 {"impossible d'écouter sur %[1]s : %[2]s", "can't listen on %[1]s: %[2]s"},
	"error.empty_folder":           {"aucun fichier .csv, .ics ou .md dans %[1]s", "no .csv, .ics or .md file in %[1]s"},
	"error.editor":                 {"quel éditeur ouvrir ?", "which editor to open?"},
	"error.editor.hint":            {"donner son nom dans EDITOR, par exemple : EDITOR=nano navette edit PAGE ; ou --file FICHIER", "name it in EDITOR, for instance: EDITOR=nano navette edit PAGE; or --file FILE"},
	"error.editor_failed":          {"l'éditeur %[1]s s'est mal terminé ; le texte est dans %[2]s", "the editor %[1]s ended badly; the text is in %[2]s"},
	"error.ambiguous":              {"« %[1]s » peut désigner %[2]s choses", "“%[1]s” can mean %[2]s things"},
	"error.ambiguous.hint":         {"écrire plus de lettres de l'identifiant ; « navette list » les montre", "write more of the id; “navette list” shows them"},
	"error.assign":                 {"« %[1]s » n'est pas de la forme FIELD=VALUE (champ=valeur)", "“%[1]s” isn't of the form FIELD=VALUE"},
	"error.assign.hint":            {"entourer de guillemets une valeur avec des espaces : name=\"Scie sauteuse\"", "put quotes around a value with spaces: name=\"Jigsaw\""},
	"error.bad_field":              {"« %[2]s » ne va pas dans le champ %[1]s", "“%[2]s” doesn't fit the field %[1]s"},
	"error.bad_field.hint":         {"il faut : %[3]s", "what fits: %[3]s"},
	"error.bad_invite":             {"ce n'est pas une invitation", "this isn't an invitation"},
	"error.bad_invite.truncated":   {"il manque la fin de l'invitation", "the end of the invitation is missing"},
	"error.bad_invite.checksum":    {"il y a une faute dans l'invitation", "there is a mistake in the invitation"},
	"error.bad_invite.hint":        {"la recopier en entier, de « navette: » jusqu'au bout, entre apostrophes", "copy all of it, from “navette:” to its end, in quotes"},
	"error.bad_invite.newer":       {"cette invitation vient d'une version plus récente de Navette", "this invitation is of a later version of Navette"},
	"error.both":                   {"%[1]s ne peut pas avoir les deux valeurs à la fois", "%[1]s can't have both values at once"},
	"error.both.hint":              {"en garder une : --keep 1 ou --keep 2", "keep one: --keep 1 or --keep 2"},
	"error.bad_request":            {"la demande n'est pas bonne : %[1]s", "the request isn't good: %[1]s"},
	"error.disk_full":              {"il n'y a plus assez de place sur le disque : rien n'a été enregistré", "there isn't enough room on the disk: nothing was saved"},
	"error.disk_full.hint":         {"faire de la place, puis recommencer", "make room, then try again"},
	"error.field_limit":            {"le champ %[1]s est trop long (au plus %[2]s %[3]s)", "the field %[1]s is too long (at most %[2]s %[3]s)"},
	"error.format":                 {"je ne connais pas le format « %[1]s »", "the format “%[1]s” isn't known"},
	"error.format.hint":            {"csv, json, ics ou md", "csv, json, ics or md"},
	"error.join_refused":           {"l'autre lieu a refusé : %[1]s", "the other place refused: %[1]s"},
	"error.join_refused.unknown":   {"l'autre lieu ne connaît pas cette invitation", "the other place doesn't know this invitation"},
	"error.join_refused.revoked":   {"cette invitation a été annulée", "this invitation was withdrawn"},
	"error.join_refused.used":      {"cette invitation a déjà servi autant de fois que prévu", "this invitation was used as often as it could be"},
	"error.join_refused.expired":   {"cette invitation n'est plus valable", "this invitation is no longer valid"},
	"error.join_refused.proof":     {"l'invitation présentée n'est pas la bonne", "the invitation that was shown isn't the right one"},
	"error.join_refused.door":      {"l'autre lieu ne peut faire entrer personne", "the other place can let nobody in"},
	"error.join_refused.busy":      {"l'autre lieu est occupé ; recommencer dans une minute", "the other place is busy; try again in a minute"},
	"error.join_refused.impostor":  {"ce n'est pas le lieu de l'invitation qui a répondu", "it wasn't the invitation's place that answered"},
	"error.join_refused.hint":      {"demander une nouvelle invitation à un responsable", "ask a steward for a new invitation"},
	"error.join_refused.removed":   {"cette invitation ne vaut plus pour vous : vous avez été retiré depuis", "this invitation is no longer for you: you were removed since"},
	"error.loopback":               {"seulement une adresse de cette machine, comme 127.0.0.1:8080", "only an address of this machine, like 127.0.0.1:8080"},
	"error.missing":                {"il manque le champ %[2]s", "the field %[2]s is needed"},
	"error.no_commons":             {"il n'y a pas encore de communs ici", "there is no commons here yet"},
	"error.no_commons.hint":        {"« navette init » en fonde, « navette join » en rejoint", "“navette init” founds one, “navette join” joins one"},
	"error.no_field":               {"le genre %[1]s n'a pas de champ « %[2]s »", "the kind %[1]s has no field “%[2]s”"},
	"error.no_field.hint":          {"ses champs : %[3]s", "its fields: %[3]s"},
	"error.no_kind":                {"je ne connais pas le genre « %[1]s »", "the kind “%[1]s” isn't known"},
	"error.no_kind.hint":           {"les genres : %[2]s", "the kinds: %[2]s"},
	"error.no_role":                {"une invitation ne donne pas le rôle « %[1]s »", "an invitation doesn't give the role “%[1]s”"},
	"error.no_role.hint":           {"--role reader ou --role member", "--role reader or --role member"},
	"error.no_text":                {"le genre %[1]s n'a pas de texte à ouvrir", "the kind %[1]s has no text to open"},
	"error.no_text.hint":           {"« navette set ID champ=valeur » change un champ", "“navette set ID field=value” changes a field"},
	"error.not_found":              {"rien ici ne s'appelle « %[1]s »", "nothing here is called “%[1]s”"},
	"error.not_found.hint":         {"« navette list GENRE » montre ce qu'il y a", "“navette list KIND” shows what there is"},
	"error.not_allowed":            {"il faut être %[1]s pour cela", "that takes a %[1]s"},
	"error.not_allowed.steward":    {"seule une personne responsable de ces communs peut faire cela", "only a steward of this commons can do that"},
	"error.not_allowed.member":     {"seul un membre de ces communs peut écrire", "only a member of this commons can write"},
	"error.not_allowed.kit":        {"la trousse de secours n'est plus sur cette machine", "the recovery kit isn't on this machine any more"},
	"error.no_version":             {"il n'y a pas de version « %[1]s »", "there is no version “%[1]s”"},
	"error.no_version.hint":        {"« navette log ID » les liste", "“navette log ID” lists them"},
	"error.no_versions":            {"« %[1]s » n'est pas en deux versions, ou pas sous ce numéro", "“%[1]s” isn't in two versions, or not under that number"},
	"error.no_versions.hint":       {"« navette versions » les liste", "“navette versions” lists them"},
	"error.order":                  {"la fin est avant le début", "the end is before the start"},
	"error.there":                  {"%[1]s n'est pas retiré", "%[1]s isn't removed"},
	"error.removed":                {"%[1]s est retiré", "%[1]s is removed"},
	"error.removed.hint":           {"« navette restore ID » le fait revenir", "“navette restore ID” brings it back"},
	"error.unreachable":            {"personne ne répond à %[1]s", "nobody answers at %[1]s"},
	"error.unreachable.hint":       {"vérifier que l'autre lieu est en route, et que les deux sont sur le même réseau", "check that the other place is running, and that both are on the same network"},
	"error.unreachable.invitation": {"le lieu de l'invitation ne répond pas", "the invitation's place doesn't answer"},
}

// phrases is the text in one language.
type phrases struct{ lang int }

const (
	french  = 0
	english = 1
)

// phrasesFor chooses by the locale; French where it says neither.
func phrasesFor(getenv func(string) string) phrases {
	for _, name := range []string{"NAVETTE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			return phrasesIn(v)
		}
	}
	return phrases{french}
}

// phrasesIn chooses by a language tag or locale.
func phrasesIn(tag string) phrases {
	if strings.HasPrefix(strings.ToLower(tag), "en") {
		return phrases{english}
	}
	return phrases{french}
}

func (p phrases) has(key string) bool { _, ok := words[key]; return ok }

// text is the phrase of a key with its arguments; the key itself where there
// is none, which a test forbids for the keys of this program.
func (p phrases) text(key string, args ...any) string {
	w, ok := words[key]
	if !ok {
		parts := []string{key}
		for _, a := range args {
			parts = append(parts, fmt.Sprint(a))
		}
		return strings.Join(parts, " ")
	}
	return fill(w[p.lang], args)
}

// fill puts the arguments in their places; a phrase need not use them all.
func fill(phrase string, args []any) string {
	for i, a := range args {
		for _, verb := range []string{"s", "d"} {
			phrase = strings.ReplaceAll(phrase, fmt.Sprintf("%%[%d]%s", i+1, verb), fmt.Sprint(a))
		}
	}
	return phrase
}

// hint is the remedy that goes with a key; "" if there is none, or if it needs
// an argument that isn't there.
func (p phrases) hint(key string, args ...any) string {
	for k := key; k != ""; k = k[:max(0, strings.LastIndexByte(k, '.'))] {
		if p.has(k + ".hint") {
			if h := p.text(k+".hint", args...); !strings.Contains(h, "%[") {
				return h
			}
		}
	}
	return ""
}

// want is what a value has to look like, as the node says it in English, in
// the person's language; anything else is left as it is.
func (p phrases) want(s string) string {
	if p.has("want." + s) {
		return p.text("want." + s)
	}
	for _, begin := range []string{"one of: ", "the id or name of a ", "an entry: say ", "an addition: say ", "a set: say "} {
		if rest, ok := strings.CutPrefix(s, begin); ok {
			return p.text("want."+begin, rest)
		}
	}
	return s
}

// count is a number of something.
func (p phrases) count(key string, n int) string {
	if n == 0 && p.has(key+".any") {
		return p.text(key + ".any")
	}
	one, many, ok := strings.Cut(p.text(key), "|")
	if !ok {
		many = one
	}
	form := many
	if n == 1 || n == 0 && p.lang == french {
		form = one
	}
	if !strings.Contains(form, "%d") {
		return fmt.Sprintf("%d %s", n, form)
	}
	return fmt.Sprintf(form, n)
}

// kind is the name of one thing of a kind.
func (p phrases) kind(kind string) string {
	one, _, _ := strings.Cut(p.text("kind."+kind), "|")
	return strings.TrimPrefix(one, "kind.")
}

func (p phrases) line(e *env, key string, args ...any) {
	fmt.Fprintln(e.stdout, p.text(key, args...))
}

func (p phrases) problem(e *env, key string, args ...any) {
	fmt.Fprintln(e.stderr, p.text(key, args...))
}

// field prints a labelled line of a status, if there is something to say.
func (p phrases) field(e *env, key, value string) {
	if value == "" {
		return
	}
	label := p.text("status." + key)
	fmt.Fprintf(e.stdout, "  %s%s  %s\n", label, strings.Repeat(" ", max(0, 11-len([]rune(label)))), value)
}

// wordKeys are all keys, sorted.
func wordKeys() []string { return slices.Sorted(maps.Keys(words)) }

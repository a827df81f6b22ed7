package main

import "maps"

// The text about who belongs, by the rules of words.go.

func init() { maps.Copy(words, peopleWords) }

// peopleWords has each text in French and in English.
var peopleWords = map[string][2]string{
	"usage.since":  {"--since veut une heure comme 2026-12-05T14:00, ou depuis combien de temps, comme 3h ; pas « %[1]s »", "--since wants a time like 2026-12-05T14:00, or how long ago, like 3h; not “%[1]s”"},
	"usage.remove": {"--annul va avec --expel, et --expel sans --keep", "--annul goes with --expel, and --expel without --keep"},

	"invite.none":          {"Aucune invitation n'a été faite.", "No invitation was made."},
	"invite.by":            {"%[1]s, faite par %[2]s %[3]s, %[4]s", "%[1]s, made by %[2]s %[3]s, %[4]s"},
	"invite.uses":          {"a servi %[1]d fois sur %[2]d", "used %[1]d of %[2]d times"},
	"invite.any":           {"a servi %[1]d fois, sans limite", "used %[1]d times, without a limit"},
	"invite.revoked":       {"Invitation %[1]s annulée : plus aucun lieu qui le sait ne fait entrer quelqu'un avec elle.", "Invitation %[1]s withdrawn: no place that knows of it lets anybody in by it."},
	"invite.state.open":    {"ouverte", "open"},
	"invite.state.used":    {"déjà utilisée", "used up"},
	"invite.state.expired": {"n'est plus valable", "no longer valid"},
	"invite.state.revoked": {"annulée", "withdrawn"},
	"invite.state.void":    {"ne vaut plus rien : qui l'a faite ne peut plus inviter", "worthless: whoever made it may invite no more"},

	"kit.page":     {"Page à imprimer : %[1]s. L'effacer une fois imprimée.", "A page to print: %[1]s. Delete it once it is printed."},
	"kit.ask":      {"Sur votre papier, quel est le mot n° %[1]d ?", "On your paper, what is word no. %[1]d?"},
	"kit.type":     {"Taper les 24 mots du papier, puis Entrée :", "Type the 24 words of the paper, then Enter:"},
	"kit.restored": {"La trousse de secours de « %[1]s » est de nouveau sur cette machine. Une fois fait ce qui était à faire : « %[2]s kit --delete ».", "The recovery kit of “%[1]s” is on this machine again. Once you have done what was to be done: “%[2]s kit --delete”."},
	"kit.title":    {"Trousse de secours de « %[1]s »", "Recovery kit of “%[1]s”"},
	"kit.advice":   {"Ces 24 mots permettent de nommer et de retirer les responsables de ces communs, et à personne d'autre de les en empêcher.\nRanger cette feuille en lieu sûr, comme on range une clé. Ne la montrer à personne, n'en prendre aucune photo.\nSi un jour plus aucun responsable n'est là, ou si l'un d'eux doit partir contre son gré : « %[1]s kit restore », et taper ces mots.", "With these 24 words the stewards of this commons are appointed and removed, and nobody can prevent it.\nKeep this sheet in a safe place, as you keep a key. Show it to nobody, take no picture of it.\nShould there be no steward any more one day, or should one have to go against their will: “%[1]s kit restore”, and type these words."},

	"members.you":             {"%[1]s (vous)", "%[1]s (you)"},
	"members.kit":             {"la trousse de secours", "the recovery kit"},
	"members.rank":            {"%[1]s nº %[2]d", "%[1]s no. %[2]d"},
	"members.since":           {"%[1]s, %[2]s, par %[3]s", "%[1]s, %[2]s, by %[3]s"},
	"members.succeeds":        {"à la suite de %[1]s", "in the place of %[1]s"},
	"members.no_device":       {"aucun appareil", "no device"},
	"members.order":           {"Les responsables sont dans l'ordre où ils passent : chacun peut retirer ceux qui suivent ; au-dessus, il faut la trousse de secours.", "Stewards are in the order in which they prevail: each can remove those below; above, it takes the recovery kit."},
	"members.role":            {"%[1]s a désormais ce rôle : %[2]s.", "%[1]s has this role now: %[2]s."},
	"members.replaced":        {"%[1]s prend la suite de %[2]s (%[3]s).", "%[1]s takes the place of %[2]s (%[3]s)."},
	"members.left":            {"Vous avez quitté « %[1]s ». Ce qui est gardé ici reste lisible ; une nouvelle invitation ferait revenir.", "You have left “%[1]s”. What is kept here can still be read; a new invitation would bring you back."},
	"members.retired":         {"%[1]s n'en fait plus partie. Ce que cette personne a écrit reste, ici et partout ; ses appareils n'échangent plus et n'écrivent plus.", "%[1]s doesn't belong any more. What they wrote stays, here and everywhere; their devices exchange and write no more."},
	"members.retired.dry":     {"%[1]s n'en ferait plus partie. Tout ce que cette personne a écrit resterait, même ce qui n'est pas encore arrivé ici.", "%[1]s would belong no more. All they wrote would stay, even what hasn't come here yet."},
	"members.expelled":        {"%[1]s est mis dehors. Ce que cette personne a écrit et qui est arrivé ici reste ; tout le reste, ou ce qui viendrait encore d'elle, ne compte nulle part.", "%[1]s is put out. What they wrote and has come here stays; anything else, or anything that still comes from them, counts nowhere."},
	"members.expelled.dry":    {"%[1]s serait mis dehors. Ce que cette personne a écrit et qui est arrivé ici resterait ; tout le reste ne compterait nulle part.", "%[1]s would be put out. What they wrote and has come here would stay; anything else would count nowhere."},
	"members.stale":           {"dernier échange avec %[1]s : %[2]s. Ce que cette personne a fait depuis, de bonne foi peut-être, ne compte pas ; si elle est simplement partie, sans --expel tout reste", "last exchange with %[1]s: %[2]s. What they did since, perhaps in good faith, doesn't count; if they have simply left, without --expel all of it stays"},
	"members.annulled":        {"Défait avec : %[1]s (entrées, sorties, invitations).", "Undone with it: %[1]s (admissions, removals, invitations)."},
	"members.stands":          {"Reste valable : %[1]s de %[2]s (entrées, sorties, invitations) ; --annul les défait aussi.", "Still stands: %[1]s of %[2]s (admissions, removals, invitations); --annul undoes them too."},
	"members.invitation":      {"  invitation annulée : %[1]s %[2]s", "  invitation withdrawn: %[1]s %[2]s"},
	"members.invitation.open": {"  son invitation ne vaut plus rien là où on le sait : %[1]s %[2]s ; « %[3]s invite revoke %[1]s » l'annule partout", "  their invitation is worthless where this is known: %[1]s %[2]s; “%[3]s invite revoke %[1]s” withdraws it everywhere"},
	"members.dry":             {"Rien n'est encore fait.", "Nothing is done yet."},

	"acts": {"%d acte|%d actes", "%d act|%d acts"},

	"device":        {"%[1]s : %[2]s", "%[1]s: %[2]s"},
	"device.self":   {"cet appareil", "this device"},
	"device.here":   {"échange en cours", "exchanging now"},
	"device.met":    {"dernier échange %[1]s", "last exchange %[1]s"},
	"device.never":  {"aucun échange avec cet appareil", "no exchange with this device"},
	"device.hosted": {"l'appareil d'un lieu, %[1]s", "the device of a place, %[1]s"},

	"devices.undone":     {"Défait : %[1]s de « %[2]s » depuis %[3]s. Rien n'est perdu, plus rien ne s'en voit.", "Undone: %[1]s of “%[2]s” since %[3]s. Nothing is lost, nothing of it shows any more."},
	"devices.undone.dry": {"Ce serait défait : %[1]s de « %[2]s » depuis %[3]s. Rien n'est encore fait.", "It would be undone: %[1]s of “%[2]s” since %[3]s. Nothing is done yet."},
	"changes":            {"%d modification|%d modifications", "%d change|%d changes"},
	"devices.renamed":    {"« %[1]s » s'appelle désormais « %[2]s ».", "“%[1]s” is called “%[2]s” now."},
	"devices.revoked":    {"« %[1]s » (%[2]s) est écarté : les lieux qui le savent ne lui donnent plus rien, et ce qui viendrait encore de lui ne compte nulle part.", "“%[1]s” (%[2]s) is revoked: places that know of it give it nothing more, and whatever still comes from it counts nowhere."},

	"undone":         {"%[1]s : %[2]s", "%[1]s: %[2]s"},
	"undone.because": {"ne compte pas, car : %[1]s", "doesn't count, because: %[1]s"},
	"undone.none":    {"Tout ce qui a été fait compte.", "All that was done counts."},
	"undone.how":     {"Fait à un endroit coupé des autres, ou par quelqu'un qui n'en avait plus le droit. Une fois vu : « %[1]s members undone --seen ».", "Done at a place that was cut off from the others, or by somebody who had no right to it any more. Once you have looked at it: “%[1]s members undone --seen”."},

	"act.role":      {"%[1]s a donné à %[2]s ce rôle : %[3]s", "%[1]s gave %[2]s this role: %[3]s"},
	"act.removed":   {"%[1]s a retiré %[2]s", "%[1]s removed %[2]s"},
	"act.demoted":   {"%[1]s a ôté la responsabilité à %[2]s", "%[1]s took stewardship from %[2]s"},
	"act.left":      {"%[1]s est parti", "%[1]s left"},
	"act.invited":   {"%[1]s a fait une invitation", "%[1]s made an invitation"},
	"act.uninvited": {"%[1]s a annulé une invitation", "%[1]s withdrew an invitation"},
	"act.revoked":   {"%[1]s a écarté un appareil de %[2]s", "%[1]s revoked a device of %[2]s"},
	"act.reverted":  {"%[1]s a défait des modifications", "%[1]s undid changes"},
	"act.other":     {"%[1]s a fait autre chose", "%[1]s did something else"},

	"notice.shunned": {"« %[1]s » dit que ce lieu n'en fait plus partie ; demander à une personne responsable ce qui s'est passé", "“%[1]s” says that this place doesn't belong any more; ask a steward what has happened"},
	"notice.undone":  {"%[2]s actes faits dans « %[1]s » ne comptent pas : « %[3]s members undone » dit lesquels et pourquoi", "%[2]s acts done in “%[1]s” don't count: “%[3]s members undone” says which and why"},

	"error.bad_kit.other":        {"ces mots sont ceux d'autres communs", "those words are of another commons"},
	"error.bad_kit.mistyped":     {"ces mots ne vont pas ensemble : %[2]s", "those words don't go together: %[2]s"},
	"error.bad_kit":              {"ce n'est pas une trousse de secours", "that isn't a recovery kit"},
	"error.bad_kit.hint":         {"les 24 mots du papier, dans l'ordre, séparés par des espaces", "the 24 words of the paper, in order, with spaces between them"},
	"error.kit_unconfirmed":      {"ce n'est pas ce mot-là : la trousse de secours reste sur cette machine", "it isn't that word: the recovery kit stays on this machine"},
	"error.kit_unconfirmed.hint": {"l'écrire d'abord, ou l'imprimer avec « navette kit --page FICHIER »", "write it down first, or print it with “navette kit --page FILE”"},
	"error.last_steward":         {"il n'y a pas d'autre responsable : sans vous, plus personne ne peut faire entrer ni sortir qui que ce soit", "there is no other steward: without you nobody can let anybody in or out any more"},
	"error.last_steward.hint":    {"nommer quelqu'un d'abord : « navette members role PERSONNE steward » ; ou partir quand même avec --force", "appoint somebody first: “navette members role PERSON steward”; or leave all the same with --force"},
	"error.nobody":               {"personne ici ne s'appelle « %[1]s »", "nobody here is called “%[1]s”"},
	"error.nobody.hint":          {"« navette members » les nomme tous", "“navette members” names them all"},
	"error.no_device":            {"aucun appareil ici ne s'appelle « %[1]s »", "no device here is called “%[1]s”"},
	"error.no_device.hint":       {"« navette devices » les liste", "“navette devices” lists them"},
	"error.no_invitation":        {"aucune invitation ne commence par « %[1]s »", "no invitation begins with “%[1]s”"},
	"error.no_invitation.hint":   {"« navette invite list » les montre", "“navette invite list” shows them"},
	"error.old_device":           {"« %[1]s » est plus ancien que cet appareil, qui ne peut donc pas l'écarter", "“%[1]s” is older than this device, which therefore can't revoke it"},
	"error.old_device.hint":      {"le demander à une personne responsable", "ask a steward to do it"},
	"error.self":                 {"on ne se retire pas soi-même", "one doesn't remove oneself"},
	"error.self.hint":            {"« navette members leave » fait partir", "“navette members leave” is how to go"},
	"error.senior":               {"%[1]s est responsable avant vous : votre décision ne compterait pas", "%[1]s is a steward before you: your decision wouldn't count"},
	"error.senior.hint":          {"le demander à qui vient avant, ou prendre la trousse de secours : « navette kit restore »", "ask whoever comes before them, or take the recovery kit: “navette kit restore”"},
}

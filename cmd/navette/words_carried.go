package main

import "maps"

// carriedWords are those of files that are attached, and of what is carried by
// hand. The rules of words.go are theirs.
var carriedWords = map[string][2]string{
	// attachments
	"import.attached":      {"%[1]d fichiers auxquels les pages renvoient y sont joints.", "%[1]d files that pages link to are attached to them."},
	"attach.progress":      {"fichier : %[1]d sur %[2]d Mo…", "file: %[1]d of %[2]d MB…"},
	"attach.done":          {"Joint : %[1]s (%[2]s)  %[3]s", "Attached: %[1]s (%[2]s)  %[3]s"},
	"attachments.all":      {"%[1]d fichiers ici (%[2]s, aperçus compris) ; %[3]d attendus d'autres lieux", "%[1]d files here (%[2]s, previews included); %[3]d awaited from other places"},
	"attachments.no_room":  {"Il n'y a plus assez de place sur ce disque : rien n'est pris pour l'instant. Libérer de la place, ou « attachments ID --release NOM ».", "There isn't enough room on this disk: nothing is taken for now. Make room, or “attachments ID --release NAME”."},
	"attachments.none":     {"aucun fichier joint", "no file is attached"},
	"attachments.got":      {"Enregistré : %[1]s (%[2]s)", "Saved: %[1]s (%[2]s)"},
	"attachments.asked":    {"%[1]s n'est pas ici : demandé aux autres lieux, il viendra au prochain échange.", "%[1]s isn't here: it was asked of the other places and will come with the next exchange."},
	"attachments.released": {"%[1]s ne prend plus de place ici (%[2]s). Les autres lieux l'ont peut-être encore ; « --get » le redemande.", "%[1]s takes no room here any more (%[2]s). Other places may have it still; “--get” asks for it again."},
	"attachments.removed":  {"%[1]s n'est plus joint.", "%[1]s isn't attached any more."},
	"attachment.here":      {"(%[1]s)", "(%[1]s)"},
	"attachment.coming":    {"(%[1]s, en chemin : %[2]d sur %[3]d)", "(%[1]s, on its way: %[2]d of %[3]d)"},
	"attachment.asked":     {"(%[1]s, demandé)", "(%[1]s, asked for)"},
	"attachment.elsewhere": {"(%[1]s, dans un autre lieu)", "(%[1]s, in another place)"},

	// valise
	"things.none":              {"rien de nouveau", "nothing new"},
	"pack.progress":            {"valise : %[1]d sur %[2]d Mo…", "valise: %[1]d of %[2]d MB…"},
	"pack.done":                {"Valise prête : %[1]s (%[2]s ; %[3]s). La clé peut être retirée ; seuls les membres peuvent l'ouvrir.", "The valise is ready: %[1]s (%[2]s; %[3]s). The stick can be pulled out; only members can open it."},
	"pack.files":               {"Avec %[1]d fichiers joints, aperçus compris.", "With %[1]d attached files, previews included."},
	"unpack.files":             {"Avec %[1]d fichiers joints, aperçus compris.", "With %[1]d attached files, previews included."},
	"pack.parts":               {"Elle tient en %[1]d fichiers : les emporter tous.", "It is in %[1]d files: take them all along."},
	"unpack.progress":          {"déballage : %[1]d sur %[2]d…", "unpacking: %[1]d of %[2]d…"},
	"unpack.done":              {"Valise de %[1]s (%[2]s) : %[3]s. Tout est arrivé.", "Valise from %[1]s (%[2]s): %[3]s. All of it has come."},
	"unpack.nothing":           {"Valise de %[1]s (%[2]s) : tout était déjà là.", "Valise from %[1]s (%[2]s): all of it was here already."},
	"unpack.own":               {"%[1]s a été remplie ici : rien à prendre. C'est l'autre lieu qui la déballe.", "%[1]s was packed here: nothing to take. It is for the other place to unpack."},
	"unpack.none":              {"Il n'y a là que la valise de ce lieu.", "There is only this place's own valise."},
	"unpack.cut":               {"Valise de %[1]s incomplète : ce qui est arrivé entier est gardé (%[3]s). Pour le reste, demander qu'on refasse %[2]s.", "The valise from %[1]s is incomplete: what came whole is kept (%[3]s). For the rest, ask for %[2]s to be packed again."},
	"unpack.cut.nothing":       {"Valise de %[1]s incomplète, rien n'a changé. Demander qu'on refasse %[2]s.", "The valise from %[1]s is incomplete, nothing has changed. Ask for %[2]s to be packed again."},
	"unpack.elsewhere":         {"Valise de %[1]s faite pour un autre lieu : il manque ici ce qu'elle suppose connu (%[3]s ont pu être pris). Demander une valise sans « --for ».", "The valise from %[1]s was packed for another place: what it builds on isn't here (%[3]s could be taken). Ask for a valise without “--for”."},
	"unpack.elsewhere.nothing": {"Valise de %[1]s faite pour un autre lieu : il manque ici ce qu'elle suppose connu, rien n'a changé. Demander une valise sans « --for ».", "The valise from %[1]s was packed for another place: what it builds on isn't here, nothing has changed. Ask for a valise without “--for”."},
	"unpack.partly":            {"Valise de %[1]s : une partie n'a pas pu être prise (%[3]s l'ont été). Demander qu'on refasse %[2]s.", "Valise from %[1]s: a part couldn't be taken (%[3]s were). Ask for %[2]s to be packed again."},
	"unpack.partly.nothing":    {"Valise de %[1]s : rien n'a pu en être pris, rien n'a changé. Demander qu'on refasse %[2]s.", "Valise from %[1]s: nothing of it could be taken, nothing has changed. Ask for %[2]s to be packed again."},
	"unpack.unusable":          {"%[1]d morceaux n'étaient pas valables et ont été laissés.", "%[1]d pieces weren't valid and were left."},

	// what ails the machine and its network
	"notice.multicast":    {"%[1]s est joint par son adresse, sans être entendu : la multidiffusion ne passe pas sur ce réseau ; l'autoriser dans le routeur (« IGMP snooping », « multicast »), ou garder l'adresse dans les réglages (peers)", "%[1]s is reached by its address and isn't heard: multicast doesn't pass on this network; allow it in the router (“IGMP snooping”, “multicast”), or keep the address in the settings (peers)"},
	"notice.isolated":     {"%[1]s est entendu et ne répond pas : le Wi-Fi isole sans doute les appareils ; décocher « isolation des clients » dans le routeur, ou ouvrir le pare-feu là-bas", "%[1]s is heard and doesn't answer: the Wi-Fi probably isolates devices; untick “client isolation” in the router, or open the firewall there"},
	"notice.undervoltage": {"la carte a manqué de tension depuis son démarrage, ce qui abîme les données ; prendre l'alimentation d'origine", "the board has had too little voltage since it started, which damages data; take the supply that belongs to it"},
	"notice.worn":         {"la carte mémoire est usée à %[1]s % ; en prévoir une autre, et faire une sauvegarde (« %[2]s backup create FICHIER »)", "%[1]s % of the card's life is used; get another, and make a backup (“%[2]s backup create FILE”)"},
	"notice.read_only":    {"le disque de %[1]s ne s'écrit plus, à cause d'erreurs ; faire une sauvegarde, puis changer la carte", "the disk of %[1]s can't be written any more, because of errors; make a backup, then change the card"},
	"notice.files":        {"%[1]s fichiers joints attendent de la place sur le disque ; en faire, ou « %[2]s attachments ID --release NOM »", "%[1]s attached files wait for room on the disk; make some, or “%[2]s attachments ID --release NAME”"},

	// errors
	"error.no_file_of":          {"aucun fichier joint ne s'appelle « %[1]s »", "no attached file is called “%[1]s”"},
	"error.no_file_of.hint":     {"« navette attachments ID » les montre", "“navette attachments ID” shows them"},
	"error.several_files":       {"plusieurs fichiers joints s'appellent « %[1]s »", "several attached files are called “%[1]s”"},
	"error.several_files.hint":  {"donner le début du code (bafk…) que montre « navette attachments ID »", "give the beginning of the code (bafk…) that “navette attachments ID” shows"},
	"error.not_a_file":          {"%[1]s n'est pas un fichier", "%[1]s isn't a file"},
	"error.no_such_file":        {"ce code n'est celui d'aucun fichier", "no file has that code"},
	"error.not_here":            {"ce fichier est dans un autre lieu", "that file is in another place"},
	"error.too_large":           {"ce fichier dépasse %[1]s Mo", "that file has more than %[1]s MB"},
	"error.cut_valise":          {"la valise est incomplète : rien n'a changé", "the valise is incomplete: nothing has changed"},
	"error.cut_valise.hint":     {"demander qu'on la refasse ; attendre « prête » avant de retirer la clé", "ask for it to be packed again; wait for “ready” before pulling out the stick"},
	"error.foreign_valise":      {"cette valise est celle d'autres communs : elle ne s'ouvre pas ici", "this valise is of another commons: it doesn't open here"},
	"error.foreign_valise.hint": {"« navette status » dit de quels communs ce lieu fait partie ; on les rejoint par une invitation", "“navette status” says of which commons this place is; an invitation lets it into another"},
	"error.newer_valise":        {"cette valise vient d'une version plus récente de Navette", "this valise is of a later version of Navette"},
	"error.newer_valise.hint":   {"mettre Navette à jour sur cette machine", "update Navette on this machine"},
	"error.not_valise":          {"ce fichier n'est pas une valise de Navette", "this file isn't a valise of Navette"},
	"error.not_valise.hint":     {"« navette import » prend les tableaux, calendriers et pages", "“navette import” takes tables, calendars and pages"},
	"error.no_valise":           {"il n'y a pas de valise dans %[1]s", "there is no valise in %[1]s"},
	"error.no_valise.hint":      {"« navette pack %[1]s » y en met une", "“navette pack %[1]s” puts one there"},
	"error.valise_begun":        {"la valise %[1]s n'a pas été finie : incomplète, rien n'a changé", "the valise %[1]s wasn't finished: incomplete, nothing has changed"},
	"error.valise_begun.hint":   {"demander qu'on la refasse ; attendre « prête » avant de retirer la clé", "ask for it to be packed again; wait for “ready” before pulling out the stick"},
	"error.stick_full":          {"il n'y a plus de place pour %[1]s : rien n'a été écrit", "there is no room left for %[1]s: nothing was written"},
	"error.stick_full.hint":     {"prendre une clé plus grande, ou « --for LIEU » pour n'emporter que ce qui manque là-bas", "take a bigger stick, or “--for PLACE” to take along only what is lacking there"},
	"error.no_place":            {"aucun lieu connu ne s'appelle « %[1]s »", "no place that is known is called “%[1]s”"},
	"error.no_place.hint":       {"les lieux connus : %[2]s", "the places that are known: %[2]s"},
}

func init() { maps.Copy(words, carriedWords) }

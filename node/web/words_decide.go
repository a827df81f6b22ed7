package web

// decideWords are those of ideas and proposals.
var decideWords = map[string][2]string{
	"decide.title":          {"Idées et propositions", "Ideas and proposals"},
	"decide.add":            {"Proposer quelque chose", "Propose something"},
	"decide.search":         {"Chercher une idée", "Look for an idea"},
	"decide.nothing":        {"Rien ne répond à cette recherche.", "Nothing answers to that search."},
	"decide.none":           {"Pas encore d'idée. La première peut être la vôtre.", "No ideas yet. The first may be yours."},
	"decide.supports":       {"%d soutien|%d soutiens", "%d support|%d supports"},
	"decide.supports.any":   {"Pas encore de soutien", "No supports yet"},
	"decide.comments":       {"%d commentaire|%d commentaires", "%d comment|%d comments"},
	"decide.comments.any":   {"pas de commentaire", "no comments"},
	"decide.of":             {"sur les %[1]s voulus", "of the %[1]s wanted"},
	"decide.until":          {"Jusqu'au %[1]s", "Until %[1]s"},
	"decide.support":        {"Je soutiens", "I support this"},
	"decide.yours":          {"Vous soutenez cette proposition", "You support this"},
	"decide.unsupport":      {"Ne plus soutenir", "Support it no more"},
	"decide.sign_in":        {"Les membres peuvent soutenir et commenter.", "Members can support and comment."},
	"decide.type":           {"C'est…", "It is…"},
	"decide.state":          {"Où en est-elle ?", "Where does it stand?"},
	"decide.becomes":        {"Ce qu'elle devient", "What becomes of it"},
	"decide.answer":         {"Réponse", "Answer"},
	"decide.give_answer":    {"Répondre au nom du lieu", "Answer for the place"},
	"decide.threshold.hint": {"Laissez vide s'il n'en faut pas un certain nombre.", "Leave it empty if no number is needed."},

	"filter.title": {"Filtrer", "Narrow"},
	"filter.type":  {"Genre", "Type"},
	"filter.state": {"État", "State"},

	"type.idea":     {"une idée", "an idea"},
	"type.proposal": {"une proposition", "a proposal"},
	"type.petition": {"une pétition", "a petition"},

	"state.draft":         {"brouillon", "draft"},
	"state.published":     {"publiée", "published"},
	"state.in_evaluation": {"à l'étude", "being looked at"},
	"state.accepted":      {"acceptée", "accepted"},
	"state.rejected":      {"refusée", "rejected"},
	"state.withdrawn":     {"retirée", "withdrawn"},

	"said.supported":   {"Votre soutien est noté", "Your support is noted"},
	"said.unsupported": {"Votre soutien est retiré", "Your support is taken back"},

	"problem.closed": {"On ne peut plus la soutenir", "It can't be supported any more"},

	"markdown.hint": {"Du texte simple. Pour la forme : # titre, **gras**, - liste, [[nom d'une page]].", "Plain text. For its form: # title, **bold**, - list, [[name of a page]]."},
}

// Package membership says who may do what in a commons: a pure function of the
// changes of membership that are stored.
//
// A [State] is one replica's membership DAG. [State.Admit] decides whether a
// block may be stored, [State.Add] takes it in once it is; ancestors come
// first, concurrent changes in any order. What is asked of a State
// ([State.Role], [State.Members], [State.DeviceLive], [State.Log], …) depends
// on the set of changes added and on nothing else: two replicas that hold the
// same ones agree.
//
// The rule is RSR-1, ranked strong removal: a change counts if the grant it
// cites counts, nobody senior annulled it, and no counting removal that ends
// that grant lies outside its future. Ranks come from the chain of grants. So
// whoever is removed can't undo it by signing changes that pretend to be
// older, and nobody changes a verdict senior to their own grant. RULES.md has
// the rule, its bytes and its limits; testdata has the vectors.
//
// The package knows nothing of what data says, of names, or of how changes
// travel. Which changes of data are void, by a grant that doesn't count, a cut,
// an adoption or a revert, [State.Void] works out for those who hold the logs.
package membership

package membership

// Cyclic tells whether the recursion of counts ever ran into itself.
func (s *State) Cyclic() bool { return s.cyclic }

// Forget makes the State work everything out again.
func (s *State) Forget() { clear(s.verdicts) }

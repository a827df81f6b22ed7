package web

import "slices"

// heldRoutes are the screens of what the place holds in common.
var heldRoutes = slices.Concat(thingRoutes, fileRoutes, versionRoutes, shareRoutes, loanRoutes, importRoutes, labelRoutes, placeRoutes, agendaRoutes, subscribeRoutes, happeningRoutes, decideRoutes, knowRoutes, pageRoutes, liveRoutes, pageHistoryRoutes)

// heldWords are their words.
var heldWords = gathered(thingWords, fieldWords, shareWords, importWords, placeWords, agendaWords, decideWords, knowWords)

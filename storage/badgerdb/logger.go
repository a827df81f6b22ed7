package badgerdb

import (
	"fmt"
	"log/slog"
	"strings"
)

// A logger passes on what Badger has to complain of.
type logger struct{ log *slog.Logger }

func (l logger) Errorf(format string, a ...any) {
	l.log.Error("database", slog.String("badger", strings.TrimSpace(fmt.Sprintf(format, a...))))
}

func (l logger) Warningf(format string, a ...any) {
	l.log.Warn("database", slog.String("badger", strings.TrimSpace(fmt.Sprintf(format, a...))))
}

func (logger) Infof(string, ...any)  {}
func (logger) Debugf(string, ...any) {}

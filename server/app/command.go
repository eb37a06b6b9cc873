package app

import (
	"context"
	"io"
)

// Command runs what args name: the server, as yet. Data goes from in and to out, all else to say.
func Command(ctx context.Context, args []string, in io.Reader, out, say io.Writer) error {
	return Run(ctx, args, say)
}

package app

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"

	"rsc.io/qr"

	"routeguide/server/certificate"
)

// invite says under which addresses phones find the HTTP port, and shows the first one as a code to scan.
func invite(out io.Writer, at *net.TCPAddr) error {
	ips := []net.IP{at.IP}
	if at.IP.IsUnspecified() {
		ips = slices.DeleteFunc(certificate.Addresses(), func(ip net.IP) bool { return ip.IsLoopback() || ip.IsLinkLocalUnicast() })
		slices.SortStableFunc(ips, func(a, b net.IP) int { return len(a.String()) - len(b.String()) }) // the shorter, the likelier typed
	}
	if len(ips) == 0 {
		_, err := fmt.Fprintln(out, "This machine has no address in a network of its own: no phone will find it.")
		return err
	}
	var text strings.Builder
	text.WriteString("\nOn a phone in the same network, open\n\n")
	for _, ip := range ips {
		fmt.Fprintf(&text, "  https://%s\n", net.JoinHostPort(ip.String(), strconv.Itoa(at.Port)))
	}
	code, err := qr.Encode("https://"+net.JoinHostPort(ips[0].String(), strconv.Itoa(at.Port)), qr.M)
	if err != nil {
		return err
	}
	text.WriteByte('\n')
	drawCode(&text, code)
	text.WriteString("\nIt will say that it does not know who has signed for us. Go on; \"Add a phone\" on the page tells how\nit comes to trust us, as it must to give its position.\n\n")
	_, err = io.WriteString(out, text.String())
	return err
}

// drawCode draws a code for a terminal with light letters on dark ground, two rows a line.
func drawCode(b *strings.Builder, code *qr.Code) {
	const margin = 2
	light := func(x, y int) bool { return !code.Black(x, y) } // outside too
	for y := -margin; y < code.Size+margin; y += 2 {
		b.WriteString("  ")
		for x := -margin; x < code.Size+margin; x++ {
			switch upper, lower := light(x, y), light(x, y+1); {
			case upper && lower:
				b.WriteRune('█')
			case upper:
				b.WriteRune('▀')
			case lower:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
}

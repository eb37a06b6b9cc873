package main

import (
	"encoding/binary"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protowire"
)

// The fields of ServerCompatRequest, ServerCompatResponse and ClientCompatRequest that matter here, and some of their values.
const (
	serverProtocol, serverVersion, serverTLS = 1, 2, 4
	answerHost, answerPort                   = 1, 2
	callHost, callPort                       = 6, 7

	protocolGRPC, version2 = 2, 2
)

// read returns the next message, or io.EOF where there is none.
func read(r io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint32(length[:]))
	if _, err := io.ReadFull(r, message); err != nil {
		return nil, fmt.Errorf("a message breaks off: %w", err)
	}
	return message, nil
}

func write(w io.Writer, message []byte) error {
	_, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(message))), message...))
	return err
}

// set gives a field of a message another value: of several the last one counts.
func set(message []byte, field protowire.Number, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(message[:len(message):len(message)], field, protowire.VarintType), value)
}

// text is set for a field of text.
func text(message []byte, field protowire.Number, value string) []byte {
	return protowire.AppendString(protowire.AppendTag(message[:len(message):len(message)], field, protowire.BytesType), value)
}

// number returns the value of a field, or 0.
func number(message []byte, field protowire.Number) (value uint64) {
	for len(message) > 0 {
		found, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return 0
		}
		message = message[n:]
		if found == field && kind == protowire.VarintType {
			value, _ = protowire.ConsumeVarint(message)
		}
		if n = protowire.ConsumeFieldValue(found, kind, message); n < 0 {
			return 0
		}
		message = message[n:]
	}
	return value
}

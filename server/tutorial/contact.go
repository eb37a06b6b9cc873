package tutorial

import (
	"errors"
	"io"

	"google.golang.org/grpc"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/proto/tutorial/contact"
)

type contact struct {
	contactpb.UnsafeContactServer
	desk *desk
}

func (c *contact) SendStatus(stream grpc.BidiStreamingServer[contactpb.ClientMsg, contactpb.Result]) error {
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if _, err := c.desk.add(stream.Context(), logv1.ContactKind_CONTACT_KIND_STATUS, "msg", m.GetMsg()); err != nil {
			return err
		}
		if err := stream.Send(&contactpb.Result{Ret: "received: " + m.GetMsg()}); err != nil {
			return err
		}
	}
}

func (c *contact) GetTask(_ *contactpb.Empty, stream grpc.ServerStreamingServer[contactpb.ServerMsg]) error {
	// The headers tell a client that it is served, although there may be no task yet.
	if err := stream.SendHeader(nil); err != nil {
		return err
	}
	return c.desk.follow(stream.Context(), clients, 0,
		func(task item) error { return stream.Send(&contactpb.ServerMsg{Task: task.text}) },
		func(uint64) error { return nil })
}

func (c *contact) TellResult(stream grpc.ClientStreamingServer[contactpb.Result, contactpb.Empty]) error {
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&contactpb.Empty{})
		} else if err != nil {
			return err
		}
		if _, err := c.desk.add(stream.Context(), logv1.ContactKind_CONTACT_KIND_RESULT, "ret", m.GetRet()); err != nil {
			return err
		}
	}
}

// An app of Dapr's Go SDK: it greets, and does with the SDK's client whatever it is told to.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sync"

	"github.com/dapr/go-sdk/client"
	"github.com/dapr/go-sdk/service/common"
	daprd "github.com/dapr/go-sdk/service/grpc"
)

// What an app is told: the app to greet, or the text to keep or to publish.
type order struct {
	App  string `json:"app"`
	Text string `json:"text"`
}

type app struct {
	dapr  client.Client
	mu    sync.Mutex
	heard []string
}

func main() {
	service, err := daprd.NewService("127.0.0.1:" + os.Getenv("APP_PORT"))
	if err != nil {
		log.Fatal(err)
	}
	dapr, err := client.NewClient()
	if err != nil {
		log.Fatal(err)
	}
	a := &app{dapr: dapr}
	methods := map[string]func(context.Context, order) (any, error){
		"ask": a.ask, "keep": a.keep, "secret": a.secret, "publish": a.publish, "heard": a.received,
	}
	must(service.AddServiceInvocationHandler("greet", a.greet))
	for name, method := range methods {
		must(service.AddServiceInvocationHandler(name, handler(method)))
	}
	must(service.AddTopicEventHandler(&common.Subscription{PubsubName: "bus", Topic: "news"}, a.hear))
	log.Fatal(service.Start())
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func handler(do func(context.Context, order) (any, error)) common.ServiceInvocationHandler {
	return func(ctx context.Context, in *common.InvocationEvent) (*common.Content, error) {
		var told order
		if err := json.Unmarshal(in.Data, &told); err != nil {
			return nil, err
		}
		answer, err := do(ctx, told)
		if err != nil {
			return nil, err
		}
		data, err := json.Marshal(answer)
		return &common.Content{Data: data, ContentType: "application/json"}, err
	}
}

func (a *app) greet(_ context.Context, in *common.InvocationEvent) (*common.Content, error) {
	var told order
	if err := json.Unmarshal(in.Data, &told); err != nil {
		return nil, err
	}
	data, err := json.Marshal("Go greets " + told.Text)
	return &common.Content{Data: data, ContentType: "application/json"}, err
}

func (a *app) ask(ctx context.Context, told order) (any, error) {
	data, err := json.Marshal(order{Text: told.Text})
	if err != nil {
		return nil, err
	}
	content := &client.DataContent{Data: data, ContentType: "application/json"}
	answer, err := a.dapr.InvokeMethodWithContent(ctx, told.App, "greet", "post", content)
	return json.RawMessage(answer), err
}

func (a *app) keep(ctx context.Context, told order) (any, error) {
	if err := a.dapr.SaveState(ctx, "store", "go", []byte(told.Text), nil); err != nil {
		return nil, err
	}
	item, err := a.dapr.GetState(ctx, "store", "go", nil)
	if err != nil {
		return nil, err
	}
	if item.Etag == "" {
		return nil, fmt.Errorf("no etag")
	}
	if err := a.dapr.DeleteStateWithETag(ctx, "store", "go", &client.ETag{Value: item.Etag}, nil, nil); err != nil {
		return nil, err
	}
	gone, err := a.dapr.GetState(ctx, "store", "go", nil)
	if err != nil {
		return nil, err
	}
	return []string{string(item.Value), string(gone.Value)}, nil
}

func (a *app) secret(ctx context.Context, told order) (any, error) {
	secret, err := a.dapr.GetSecret(ctx, "secrets", told.Text, nil)
	return secret[told.Text], err
}

func (a *app) publish(ctx context.Context, told order) (any, error) {
	return "published", a.dapr.PublishEvent(ctx, "bus", "news", order{Text: told.Text}, client.PublishEventWithContentType("application/json"))
}

func (a *app) hear(_ context.Context, event *common.TopicEvent) (bool, error) {
	var told order
	if err := json.Unmarshal(event.RawData, &told); err != nil {
		return false, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.heard = append(a.heard, told.Text)
	return false, nil
}

func (a *app) received(context.Context, order) (any, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string{}, a.heard...), nil
}

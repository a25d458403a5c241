"""An app of Dapr's Python SDK: it greets, and does with the SDK's client whatever it is told to."""

import json
import os

from dapr.clients import DaprClient
from dapr.ext.grpc import App, InvokeMethodRequest, InvokeMethodResponse

app = App()
heard = []


def answer(value) -> InvokeMethodResponse:
    return InvokeMethodResponse(json.dumps(value), content_type='application/json')


def told(request: InvokeMethodRequest) -> dict:
    return json.loads(request.text())


@app.method('greet')
def greet(request: InvokeMethodRequest) -> InvokeMethodResponse:
    return answer(f'Python greets {told(request)["text"]}')


@app.method('ask')
def ask(request: InvokeMethodRequest) -> InvokeMethodResponse:
    order = told(request)
    with DaprClient() as dapr:
        greeting = dapr.invoke_method(
            order['app'],
            'greet',
            data=json.dumps({'text': order['text']}),
            content_type='application/json',
            http_verb='POST',
        )
    return answer(json.loads(greeting.text()))


@app.method('keep')
def keep(request: InvokeMethodRequest) -> InvokeMethodResponse:
    with DaprClient() as dapr:
        dapr.save_state('store', 'python', told(request)['text'])
        kept = dapr.get_state('store', 'python')
        dapr.delete_state('store', 'python', etag=kept.etag)
        gone = dapr.get_state('store', 'python')
    return answer([kept.text(), gone.text()])


@app.method('secret')
def secret(request: InvokeMethodRequest) -> InvokeMethodResponse:
    name = told(request)['text']
    with DaprClient() as dapr:
        return answer(dapr.get_secret('secrets', name).secret[name])


@app.method('publish')
def publish(request: InvokeMethodRequest) -> InvokeMethodResponse:
    data = json.dumps({'text': told(request)['text']})
    with DaprClient() as dapr:
        dapr.publish_event('bus', 'news', data, data_content_type='application/json')
    return answer('published')


@app.subscribe(pubsub_name='bus', topic='news')
def hear(event) -> None:
    heard.append(json.loads(event.Data())['text'])


@app.method('heard')
def received(_: InvokeMethodRequest) -> InvokeMethodResponse:
    return answer(heard)


app.run(int(os.environ['APP_PORT']), listen_address='127.0.0.1')

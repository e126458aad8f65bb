"""Asynchronous inference on control's side: keeps what edges accept, deals it out, and finishes it.

    intake      edges hand in groups of requests; a group is acknowledged once it is durable
    acceptance  what is kept, and what is refused
    desk        gives requests to the porters of an endpoint's instances, and takes their results
    endings     requests that are over: out of the table, and told, in one commit
    expiry      requests that waited for too long
    book        the endpoints and their lines
    line        the requests of one endpoint, a part of them in memory
    plans, choose, notices, counts   values in, values out

The payloads never come here: porters carry them (`argosy.agent.porter`).
"""
